/** Suite `postgres`: one, two and three servers on one PostgreSQL, beside bare point reads of it in the same run. */
import { copyFileSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Postgres } from '../conformance/postgres.ts'
import { startLockstep } from './lockstep.ts'
import { fill, measureSecrets, type Subject } from './measure.ts'
import type { Report } from './report.ts'
import type { Sizes } from './run.ts'
import { cpuMicroseconds, start } from './server.ts'

const SERVERS = [1, 2, 3]
const CONNECTIONS = [8, 64]

export async function postgres(report: Report, { secrets: [count = 1000], seconds }: Sizes): Promise<void> {
  const scratch = mkdtempSync(join(tmpdir(), 'lockstep-bench-'))
  await using cluster = await Postgres.start({
    settings: { shared_buffers: '256MB', max_connections: '120' },
  })
  await using running = new AsyncDisposableStack()
  try {
    const url = await cluster.createDatabase('bench')
    const subjects: Subject[] = []
    for (const number of SERVERS) {
      const data = mkdtempSync(join(scratch, 'server-'))
      const first = subjects[0]
      if (first) copyFileSync(join(scratch, 'root.key'), join(data, 'root.key'))
      const subject = await startLockstep(data, { LOCKSTEP_STORE: url }, first?.signer)
      running.use(subject.server)
      subjects.push(subject)
      if (!first) {
        copyFileSync(join(data, 'root.key'), join(scratch, 'root.key'))
        await fill(subject, count)
        await bareReads(report, url, seconds)
      }
      const label = `PostgreSQL, ${number} server${number > 1 ? 's' : ''}`
      await measureSecrets(report, subjects, { label, secrets: count, seconds, connections: CONNECTIONS })
    }
    report.compare('bare point reads through pg', 64)
  } finally {
    await running.disposeAsync()
    rmSync(scratch, { recursive: true })
  }
}

/** The yardstick: a row of a secret's version by its primary key, prepared, by as many callers. */
async function bareReads(report: Report, url: string, seconds: number): Promise<void> {
  await using reader = await start([join(import.meta.dirname, 'bare-postgres.ts')], {
    ...process.env,
    BENCH_POSTGRES: url,
  })
  for (const connections of CONNECTIONS) {
    const before = cpuMicroseconds(reader.pid)
    const answer = await fetch(`http://127.0.0.1:${reader.port}/?callers=${connections}&seconds=${seconds}`)
    // bare-postgres.ts's own answer.
    const figures = (await answer.json()) as {
      requests: number
      perSecond: number
      p50Ms: number
      p99Ms: number
    }
    const cpuUs = (cpuMicroseconds(reader.pid) - before) / figures.requests
    report.add({ what: 'bare point reads through pg', connections, cpuUs, failures: 0, ...figures })
  }
}
