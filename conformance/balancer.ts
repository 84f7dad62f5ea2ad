/**
 * A load balancer as simple as they come: it looks at each server's /healthz a few times a second, hands calls to
 * those that are well in turn, over connections that it keeps, and never tries a call again.
 */
import {
  Agent,
  createServer,
  type IncomingMessage,
  request,
  type Server,
  type ServerResponse,
} from 'node:http'
import { setTimeout as sleep } from 'node:timers/promises'

const LOOK_EVERY_MS = 200
const LOOK_LIMIT_MS = 1_000

interface Upstream {
  readonly url: URL
  readonly agent: Agent
  isWell: boolean
}

export class Balancer implements AsyncDisposable {
  readonly #upstreams: readonly Upstream[]
  readonly #server: Server
  readonly #stop = new AbortController()
  readonly #looking: Promise<unknown>
  /** Of all connections that were made to servers. */
  connections = 0
  #turn = 0

  private constructor(urls: readonly string[]) {
    this.#upstreams = urls.map((url) => ({
      url: new URL(url),
      agent: new Agent({ keepAlive: true }),
      isWell: false,
    }))
    this.#server = createServer((from, to) => this.#forward(from, to))
    this.#looking = Promise.all(this.#upstreams.map((upstream) => this.#watch(upstream)))
  }

  static async start(urls: readonly string[]): Promise<Balancer> {
    const balancer = new Balancer(urls)
    await new Promise<void>((resolve) => balancer.#server.listen(0, '127.0.0.1', resolve))
    await balancer.until(urls.length)
    return balancer
  }

  get url(): string {
    const address = this.#server.address()
    if (typeof address !== 'object' || address === null) throw new Error('the balancer does not listen')
    return `http://127.0.0.1:${address.port}`
  }

  /** Waits until so many servers are well. */
  async until(count: number): Promise<void> {
    while (this.#upstreams.filter(({ isWell }) => isWell).length < count) await sleep(LOOK_EVERY_MS / 4)
  }

  async #watch(upstream: Upstream): Promise<void> {
    while (!this.#stop.signal.aborted) {
      try {
        const signal = AbortSignal.timeout(LOOK_LIMIT_MS)
        const answer = await fetch(new URL('/healthz', upstream.url), { signal })
        await answer.body?.cancel()
        upstream.isWell = answer.status === 200
      } catch {
        upstream.isWell = false
      }
      await sleep(LOOK_EVERY_MS)
    }
  }

  #forward(from: IncomingMessage, to: ServerResponse): void {
    const well = this.#upstreams.filter(({ isWell }) => isWell)
    const upstream = well[this.#turn++ % well.length]
    const refuse = () => {
      if (to.headersSent) to.destroy()
      else to.writeHead(502).end()
    }
    if (!upstream) {
      refuse()
      return
    }
    const { url, agent } = upstream
    // What concerns this connection alone is not passed on.
    const { connection: _, ...headers } = from.headers
    const call = request(
      url,
      { method: from.method ?? 'POST', path: from.url ?? '/', headers, agent },
      (answer) => {
        const { connection: _, 'keep-alive': __, ...passed } = answer.headers
        to.writeHead(answer.statusCode ?? 502, passed)
        answer.on('error', refuse)
        answer.pipe(to)
      },
    )
    call.on('socket', () => {
      if (!call.reusedSocket) this.connections += 1
    })
    call.on('error', refuse)
    from.pipe(call)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stop.abort()
    await this.#looking
    this.#server.closeAllConnections()
    for (const { agent } of this.#upstreams) agent.destroy()
    await new Promise((resolve) => this.#server.close(resolve))
  }
}
