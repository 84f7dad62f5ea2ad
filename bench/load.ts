/**
 * A load generator on raw sockets: it sends requests that were signed beforehand, one at a time on each of
 * `connections` sockets, for a bounded time, and measures what comes back. It runs in its own process, so that
 * the server's CPU time is the server's alone.
 */
import { connect, type Socket } from 'node:net'

export interface Load {
  readonly connections: number
  readonly seconds: number
  /** The connections are spread over these evenly. */
  readonly targets: readonly Target[]
  readonly once: boolean
}

interface Target {
  readonly port: number
  /** Whole HTTP requests, as bytes; used in turn, from the start again where `once` is false. */
  readonly requests: readonly Uint8Array[]
}

export interface Figures {
  readonly requests: number
  readonly failures: number
  readonly perSecond: number
  readonly p50Ms: number
  readonly p99Ms: number
}

async function run({ connections, seconds, targets, once }: Load): Promise<Figures> {
  const latenciesMs: number[] = []
  let failures = 0
  const startedAtMs = performance.now()
  const endsAtMs = startedAtMs + seconds * 1000

  const queues = targets.map(({ port, requests }) => ({ port, requests, next: 0 }))

  function take(queue: (typeof queues)[number]): Uint8Array | undefined {
    const { requests } = queue
    if (performance.now() >= endsAtMs || (once && queue.next >= requests.length)) return undefined
    return requests[queue.next++ % requests.length]
  }

  async function worker(index: number): Promise<void> {
    const queue = queues[index % queues.length]
    if (!queue) return
    const socket = await open(queue.port)
    for (let request = take(queue); request; request = take(queue)) {
      const sentAtMs = performance.now()
      const status = await exchange(socket, request)
      latenciesMs.push(performance.now() - sentAtMs)
      if (status !== 200) failures += 1
    }
    socket.destroy()
  }

  await Promise.all(Array.from({ length: connections }, (_, index) => worker(index)))
  const tookSeconds = (performance.now() - startedAtMs) / 1000
  latenciesMs.sort((a, b) => a - b)
  const at = (share: number) => latenciesMs[Math.floor(latenciesMs.length * share)] ?? Number.NaN
  return {
    requests: latenciesMs.length,
    failures,
    perSecond: latenciesMs.length / tookSeconds,
    p50Ms: at(0.5),
    p99Ms: at(0.99),
  }
}

function open(port: number): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = connect({ port, host: '127.0.0.1', noDelay: true }, () => resolve(socket))
    socket.once('error', reject)
  })
}

/** Sends one request and reads one answer, which must have a Content-Length. */
function exchange(socket: Socket, request: Uint8Array): Promise<number> {
  return new Promise((resolve, reject) => {
    let received: Buffer = Buffer.alloc(0)
    function onData(chunk: Buffer): void {
      received = received.length === 0 ? chunk : Buffer.concat([received, chunk])
      const headEnd = received.indexOf('\r\n\r\n')
      if (headEnd === -1) return
      const head = received.toString('latin1', 0, headEnd)
      const length = /content-length: (\d+)/i.exec(head)?.[1]
      if (received.length < headEnd + 4 + Number(length ?? 0)) return
      socket.off('data', onData)
      socket.off('close', onClose)
      resolve(Number(head.slice(9, 12)))
    }
    function onClose(): void {
      reject(new Error('the server closed the connection'))
    }
    socket.on('data', onData)
    socket.once('close', onClose)
    socket.write(request)
  })
}

/** A load as it comes from the parent: requests as text, one byte to a character. */
interface Asked extends Omit<Load, 'targets'> {
  readonly targets: readonly { readonly port: number; readonly requests: readonly string[] }[]
}

// As a child process: one load per message, its figures as the answer.
process.on('message', (load: Asked) => {
  const targets = load.targets.map(({ port, requests }) => ({
    port,
    requests: requests.map((text) => Buffer.from(text, 'latin1')),
  }))
  run({ ...load, targets }).then(
    (figures) => process.send?.(figures),
    (error: unknown) => {
      process.stderr.write(`${String(error)}\n`)
      process.exit(1)
    },
  )
})
