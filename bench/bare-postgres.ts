/** Reads rows by primary key through pg and nothing else, when asked to by HTTP: what the store is measured against. */
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import pg from 'pg'

/** As many as one Lockstep server reads through. */
const CONNECTIONS = 6

const pool = new pg.Pool({ connectionString: process.env.BENCH_POSTGRES, max: CONNECTIONS })
const { rows } = await pool.query<{ account: string; region: string; arn: string; version_id: string }>(
  'select account, region, arn, version_id from secret_versions limit 1000',
)

async function read(): Promise<void> {
  const row = rows[Math.floor(Math.random() * rows.length)]
  await pool.query({
    name: 'point',
    text: 'select * from secret_versions where account = $1 and region = $2 and arn = $3 and version_id = $4',
    values: [row?.account, row?.region, row?.arn, row?.version_id],
  })
}

async function measure(callers: number, seconds: number) {
  const latenciesMs: number[] = []
  const startedAtMs = performance.now()
  const endsAtMs = startedAtMs + seconds * 1000
  const caller = async () => {
    while (performance.now() < endsAtMs) {
      const askedAtMs = performance.now()
      await read()
      latenciesMs.push(performance.now() - askedAtMs)
    }
  }
  await Promise.all(Array.from({ length: callers }, caller))
  const tookSeconds = (performance.now() - startedAtMs) / 1000
  latenciesMs.sort((a, b) => a - b)
  const at = (share: number) => latenciesMs[Math.floor(latenciesMs.length * share)] ?? Number.NaN
  return {
    requests: latenciesMs.length,
    perSecond: latenciesMs.length / tookSeconds,
    p50Ms: at(0.5),
    p99Ms: at(0.99),
  }
}

const server = createServer((request, response) => {
  const asked = new URL(request.url ?? '/', 'http://127.0.0.1').searchParams
  void measure(Number(asked.get('callers')), Number(asked.get('seconds'))).then((figures) =>
    response.end(JSON.stringify(figures)),
  )
})
server.listen(0, '127.0.0.1', () => {
  const { port } = server.address() as AddressInfo // a TCP listener's address is always this
  process.stdout.write(`bare-postgres ready http://127.0.0.1:${port}\n`)
})
process.once('SIGTERM', () => process.exit(0))
