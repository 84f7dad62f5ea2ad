/** Suite `secrets`: reads and writes on the embedded store, beside bare node:http in the same run. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { REGION, startLockstep } from './lockstep.ts'
import { bodies, fill, measure, measureSecrets } from './measure.ts'
import type { Report } from './report.ts'
import { signedRequests } from './requests.ts'
import type { Sizes } from './run.ts'
import { residentMiB, start } from './server.ts'

const CONNECTIONS = [1, 8, 64]

export async function secrets(report: Report, { secrets: counts, seconds }: Sizes): Promise<void> {
  await bare(report, seconds)
  for (const count of counts) await embedded(report, count, seconds)
  report.compare('bare node:http', 64)
}

/** The yardstick: the same requests, and nothing done about them. */
async function bare(report: Report, seconds: number): Promise<void> {
  await using server = await start([join(import.meta.dirname, 'bare.ts')])
  const signer = {
    accessKeyId: 'AKIAIOSFODNN7EXAMPLE',
    secretAccessKey: 'x',
    region: REGION,
    port: server.port,
  }
  const read = bodies(100, (i) => ({ SecretId: `bench/${i}` }))
  const requests = signedRequests(signer, 'GetSecretValue', read)
  for (const connections of CONNECTIONS) {
    const load = { what: 'bare node:http', connections, seconds, once: false }
    report.add({ ...load, ...(await measure(load, [{ server, requests }])) })
  }
}

async function embedded(report: Report, count: number, seconds: number): Promise<void> {
  const data = mkdtempSync(join(tmpdir(), 'lockstep-bench-'))
  try {
    const subject = await startLockstep(data)
    await using server = subject.server
    report.note(`Ready on an empty directory after ${Math.round(server.readyAfterMs)} ms.`)
    await fill(subject, count)
    report.note(`With ${count} secrets the server holds ${Math.round(residentMiB(server.pid))} MiB.`)
    const asked = { label: `${count} secrets`, secrets: count, seconds, connections: CONNECTIONS }
    await measureSecrets(report, [subject], asked)
  } finally {
    rmSync(data, { recursive: true })
  }
}
