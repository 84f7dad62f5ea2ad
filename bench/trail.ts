/** Suite `trail`: verification of a long trail by the commands that people use, from the database and from an export. */
import { createWriteStream, mkdtempSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pipeline } from 'node:stream/promises'
import { Postgres } from '../conformance/postgres.ts'
import { Keyring } from '../packages/server/src/keyring/keyring.ts'
import { openRootKey } from '../packages/server/src/keyring/root-keys/index.ts'
import { systemClock } from '../packages/server/src/platform/clock.ts'
import { systemRandom } from '../packages/server/src/platform/random.ts'
import { systemTimer } from '../packages/server/src/platform/timer.ts'
import { openStore } from '../packages/server/src/store/open.ts'
import { newEventId } from '../packages/server/src/trail/event-id.ts'
import { openTrail } from '../packages/server/src/trail/open.ts'
import { Sealer } from '../packages/server/src/trail/sealer.ts'
import { exportDirectory } from '../packages/server/src/trail-offline.ts'
import { lockstepCommand, told } from './command.ts'
import { startLockstep } from './lockstep.ts'
import type { Report } from './report.ts'
import type { Sizes } from './run.ts'

/** Recorded at once, and sealed: as many as a busy second holds. */
const BATCH = 5_000
const EVENTS_ON_POSTGRES = 200_000
/** As large as GetSecretValue's. */
const BODY = JSON.stringify({ filler: 'x'.repeat(1_100) })

export async function trail(report: Report, { events }: Sizes): Promise<void> {
  const scratch = mkdtempSync(join(tmpdir(), 'lockstep-bench-'))
  try {
    {
      const { server } = await startLockstep(scratch)
      await server[Symbol.asyncDispose]()
    }
    await write(scratch, events)
    const database = await lockstepCommand(['trail', 'verify', '--data', scratch])
    report.note(`Verification of ${events} events in SQLite, every MAC and search term: ${told(database)}.`)
    const file = join(scratch, 'trail.jsonl')
    await pipeline(exportDirectory({ data: scratch }, {}), createWriteStream(file))
    const mib = (statSync(file).size / 1024 / 1024).toFixed(0)
    const exported = await lockstepCommand(['trail', 'verify', '--export', file])
    report.note(`Verification of their export, ${mib} MiB, with the public key alone: ${told(exported)}.`)
  } finally {
    rmSync(scratch, { recursive: true })
  }
  await onPostgres(report, Math.min(events, EVENTS_ON_POSTGRES))
}

async function onPostgres(report: Report, events: number): Promise<void> {
  const scratch = mkdtempSync(join(tmpdir(), 'lockstep-bench-'))
  await using cluster = await Postgres.start({ settings: { shared_buffers: '256MB' } })
  try {
    const { server } = await startLockstep(scratch)
    await server[Symbol.asyncDispose]()
    await write(scratch, events)
    const url = await cluster.createDatabase('bench')
    await lockstepCommand(['store', 'copy', '--from', `sqlite:${scratch}`, '--to', url])
    const took = await lockstepCommand(['trail', 'verify', '--data', scratch], { LOCKSTEP_STORE: url })
    report.note(`Verification of ${events} events in PostgreSQL, every MAC and search term: ${told(took)}.`)
  } finally {
    rmSync(scratch, { recursive: true })
  }
}

/** Puts events on the trail of the directory as its server would, without the calls. */
async function write(directory: string, events: number): Promise<void> {
  const onProblem = (event: string) => {
    throw new Error(event)
  }
  await using store = await openStore({ kind: 'sqlite', directory, clock: systemClock, onProblem })
  const spec = `file:${join(directory, 'root.key')}`
  const root = await openRootKey(spec, { create: false, random: systemRandom })
  const generations = await store.read.installation.keyringGenerations()
  const keyring = await Keyring.unseal(root, generations, systemRandom)
  const key = await openTrail(store, { keyring, random: systemRandom })
  const sealer = new Sealer({ store, clock: systemClock, timer: systemTimer, key, onCheckpoint() {} })
  const account = (await store.read.installation.fact('account')) ?? ''
  for (let written = 0; written < events; written += BATCH) {
    const count = Math.min(BATCH, events - written)
    await Promise.all(Array.from({ length: count }, (_, i) => store.record(entry(account, written + i))))
    await sealer.seal()
  }
}

function entry(account: string, number: number) {
  const at = systemClock.now()
  const name = `arn:aws:secretsmanager:us-east-1:${account}:secret:bench/${number % 1000}-AbCdEf`
  return {
    account,
    region: 'us-east-1',
    eventId: newEventId(at, systemRandom),
    at,
    source: 'secretsmanager.amazonaws.com',
    name: 'GetSecretValue',
    readOnly: true,
    userName: 'administrator',
    accessKeyId: 'AKIAIOSFODNN7EXAMPLE',
    resources: [{ type: 'AWS::SecretsManager::Secret', name }],
    body: BODY,
  }
}
