import assert from 'node:assert/strict'
import type { Readers, Store, Writers } from './store.ts'
import type { TrailEntry } from './trail.ts'

export const PLACE = { account: '111122223333', region: 'us-east-1' }
export const STOP = new Error('stop')

/** Two rows that every honest transaction changes together: whoever sees them differ saw half of one. */
export async function putPair(tx: Writers, tag: number, between?: () => Promise<void>): Promise<void> {
  const job = (key: string) => ({
    ...PLACE,
    id: `id-${tag}`,
    kind: 'pair',
    key,
    runAt: new Date(tag),
    payload: { tag },
  })
  await tx.jobs.queue(job('left'))
  await between?.()
  await tx.jobs.queue(job('right'))
}

export async function pairOf(reader: Pick<Readers, 'jobs'>): Promise<readonly unknown[]> {
  return (await reader.jobs.list(PLACE, 'pair')).map(({ payload }) => payload.tag)
}

/** The same row through Kysely. */
export async function throughKysely(reader: Pick<Readers, 'jobs'>): Promise<number | undefined> {
  return (await reader.jobs.nextAt(['pair']))?.getTime()
}

export function entry(number: number): TrailEntry {
  return {
    ...PLACE,
    eventId: `00000000-0000-7000-8000-${String(number).padStart(12, '0')}`,
    at: new Date(1_700_000_000_000 + number),
    name: 'GetSecretValue',
    source: 'secretsmanager.amazonaws.com',
    readOnly: true,
    userName: 'ada',
    resources: [],
    body: JSON.stringify({ number }),
  }
}

/** Every event, lane by lane, none of which has a gap. */
export async function recorded(store: Store): Promise<readonly string[]> {
  const found: string[] = []
  for (const { lane } of await store.read.trail.lanes()) {
    const events = await store.read.trail.events(lane, { from: 1, upTo: 100_000, limit: 100_000 })
    assert.deepEqual(
      events.map(({ number }) => number),
      events.map((_, i) => i + 1),
    )
    found.push(...events.map(({ eventId }) => eventId))
  }
  return found
}

/** What one engine promises and another does not. */
export interface Engine {
  /** How many interleavings to try; each opens a store. */
  readonly interleavings: number
  /** Works and records happen one after another, in the order in which they were asked for. */
  readonly serial: boolean
}
