/** The trail of a database that several servers wrote, as its tables and `lockstep trail verify` tell it. */
import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Fleet } from './fleet.ts'
import type { Postgres } from './postgres.ts'
import { lockstep, Scratch } from './server.ts'
import type { Ledger } from './storm-writer.ts'

/** What an event says, as far as it matters here. */
interface Event {
  readonly requestID?: string
  readonly eventName: string
  readonly errorCode?: string
  readonly requestParameters?: { readonly clientRequestToken?: string } | null
  readonly resources?: readonly { readonly ARN?: string; readonly arn?: string }[]
}

export async function eventsIn(postgres: Postgres, database: string): Promise<readonly Event[]> {
  const rows = await postgres.sql<{ body: string }>('select body from trail_events', { database })
  return rows.map(({ body }) => JSON.parse(body) as Event) // written by the servers
}

/** Verifies the whole trail, every MAC, and against all checkpoints in the servers' logs. Answers the verdict. */
export async function demandIntact(fleet: Fleet, url: string): Promise<string> {
  using scratch = new Scratch()
  const log = join(scratch.path, 'servers.log')
  writeFileSync(log, fleet.log)
  const flags = ['--data', fleet.home, '--root-key', fleet.rootKey, '--checkpoint', log]
  const verified = await lockstep(['trail', 'verify', ...flags], { LOCKSTEP_STORE: url })
  assert.equal(verified.code, 0, verified.stdout + verified.stderr)
  assert.match(verified.stdout, /^intact: .*every MAC checked/)
  return verified.stdout.trim()
}

/** Every acknowledged call has one event, which is its own. */
export function demandRecorded({ acknowledged }: Ledger, events: readonly Event[]): void {
  const names = new Map<string, string[]>()
  for (const { requestID = '', eventName, errorCode } of events) {
    if (errorCode === undefined) names.set(requestID, [...(names.get(requestID) ?? []), eventName])
  }
  for (const { requestId, operation } of acknowledged) {
    assert.deepEqual(names.get(requestId), [operation], `the events of the acknowledged ${requestId}`)
  }
}

/** A version that was asked for is there with its event, or neither is. */
export async function demandAtomic(
  { asked }: Ledger,
  events: readonly Event[],
  { postgres, database }: { readonly postgres: Postgres; readonly database: string },
): Promise<void> {
  const rows = await postgres.sql<{ version_id: string }>('select version_id from secret_versions', {
    database,
  })
  const present = new Set(rows.map((row) => row.version_id))
  const recorded = new Set(
    events.flatMap(({ errorCode, requestParameters }) =>
      errorCode === undefined ? [requestParameters?.clientRequestToken ?? ''] : [],
    ),
  )
  const unmade = [...asked].filter((id) => recorded.has(id) && !present.has(id))
  const unrecorded = [...asked].filter((id) => present.has(id) && !recorded.has(id))
  assert.deepEqual({ unmade, unrecorded }, { unmade: [], unrecorded: [] })
}

/** Straight from the table: one AWSCURRENT for each secret with a value, at most one AWSPREVIOUS, no label twice. */
export async function demandLabels(postgres: Postgres, database: string): Promise<number> {
  const rows = await postgres.sql<{ name: string; labels: string }>('select name, labels from secrets', {
    database,
  })
  for (const { name, labels } of rows) {
    const held: readonly string[] = labels.match(/AWS(?:CURRENT|PREVIOUS|PENDING)/g) ?? []
    assert.equal(new Set(held).size, held.length, `${name}: ${labels}`)
    assert.ok(held.length === 0 || held.includes('AWSCURRENT'), `${name}: ${labels}`)
  }
  return rows.length
}
