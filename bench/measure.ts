/** One measurement: a load from a process of its own, and the CPU time that the servers use meanwhile. */
import { fork } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { join } from 'node:path'
import type { Figures } from './load.ts'
import type { Report } from './report.ts'
import { type Signer, signedRequests } from './requests.ts'
import { cpuMicroseconds, type Process } from './server.ts'

/** Requests signed at once while a store is filled: a signature lives five minutes. */
const FILL_CHUNK = 20_000
/** Different requests signed for one measurement. */
const SIGNED_READS = 5_000
const SIGNED_WRITES = 40_000
const VALUE = 'x'.repeat(200)

/** One server, and what it is asked. */
export interface Target {
  readonly server: Process
  readonly requests: readonly string[]
}

export interface Measured {
  readonly what: string
  readonly connections: number
  readonly seconds: number
  /** Each request is sent once, where a second time would be another thing. */
  readonly once: boolean
}

/** Runs the load. @throws Error where a call failed: then the figures are of something else. */
export async function measure(
  load: Measured,
  targets: readonly Target[],
): Promise<Figures & { cpuUs: number }> {
  const { what, connections, seconds, once } = load
  const generator = fork(join(import.meta.dirname, 'load.ts'))
  const cpu = () => targets.reduce((sum, { server }) => sum + cpuMicroseconds(server.pid), 0)
  const before = cpu()
  const figures = await new Promise<Figures>((resolve, reject) => {
    generator.once('message', (message) => resolve(message as Figures)) // load.ts's own answer
    generator.once('exit', (code) => reject(new Error(`the load generator ended with ${code}`)))
    const asked = targets.map(({ server, requests }) => ({ port: server.port, requests }))
    generator.send({ connections, seconds, once, targets: asked })
  })
  const cpuUs = (cpu() - before) / figures.requests
  generator.removeAllListeners('exit')
  generator.kill()
  if (figures.failures > 0)
    throw new Error(`${what}: ${figures.failures} of ${figures.requests} calls failed`)
  return { ...figures, cpuUs }
}

/** A server to measure, and whom to be there. */
export interface Subject {
  readonly server: Process
  readonly signer: Signer
}

/** GetSecretValue and PutSecretValue of random secrets among those that {@link fill} made. */
export async function measureSecrets(
  report: Report,
  subjects: readonly Subject[],
  asked: {
    readonly label: string
    readonly secrets: number
    readonly seconds: number
    readonly connections: readonly number[]
  },
): Promise<void> {
  const { label, secrets, seconds } = asked
  const random = () => `bench/${Math.floor(Math.random() * secrets)}`
  const read = () => ({ SecretId: random() })
  const written = () => ({ SecretId: random(), SecretString: VALUE, ClientRequestToken: randomUUID() })
  for (const [operation, body, count] of [
    ['GetSecretValue', read, SIGNED_READS],
    ['PutSecretValue', written, SIGNED_WRITES],
  ] as const) {
    for (const connections of asked.connections) {
      const targets = subjects.map(({ server, signer }) => ({
        server,
        requests: signedRequests(signer, operation, bodies(Math.ceil(count / subjects.length), body)),
      }))
      const load = {
        what: `${operation}, ${label}`,
        connections,
        seconds,
        once: operation === 'PutSecretValue',
      }
      report.add({ ...load, ...(await measure(load, targets)) })
    }
  }
}

/** Through the API, as any user would: each secret has its event on the trail, too. */
export async function fill({ server, signer }: Subject, secrets: number): Promise<void> {
  for (let first = 0; first < secrets; first += FILL_CHUNK) {
    const count = Math.min(FILL_CHUNK, secrets - first)
    const created = bodies(count, (i) => ({
      Name: `bench/${first + i}`,
      SecretString: VALUE,
      ClientRequestToken: randomUUID(),
    }))
    const requests = signedRequests(signer, 'CreateSecret', created)
    await measure({ what: 'fill', connections: 64, seconds: 240, once: true }, [{ server, requests }])
    if (process.stderr.isTTY) process.stderr.write(`\rfilled ${first + count} of ${secrets}`)
  }
  if (process.stderr.isTTY) process.stderr.write('\n')
}

export function bodies(count: number, make: (i: number) => object): string[] {
  return Array.from({ length: count }, (_, i) => JSON.stringify(make(i)))
}
