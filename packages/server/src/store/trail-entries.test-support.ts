import assert from 'node:assert/strict'
import { systemRandom } from '../platform/random.ts'
import { newEventId } from '../trail/event-id.ts'
import type { Store } from './store.ts'
import type { TrailEntry, TrailPage, TrailQuery, TrailStamp } from './trail.ts'

export const START = Date.parse('2026-11-23T00:00:00Z')
export const PLACE = { account: '111122223333', region: 'us-east-1' }
export const ALL = { ...PLACE, from: 0, until: 8.64e15 }

export function entryAt(at: number, change: Partial<TrailEntry> = {}): TrailEntry {
  const eventId = newEventId(new Date(at), systemRandom)
  return {
    ...PLACE,
    eventId,
    at: new Date(at),
    source: 'secretsmanager.amazonaws.com',
    name: 'GetSecretValue',
    readOnly: true,
    resources: [],
    body: JSON.stringify({ eventID: eventId }),
    ...change,
  }
}

/** Every page of an answer, one after another. */
export async function everything(store: Store, query: TrailQuery): Promise<readonly TrailEntry[]> {
  const found: TrailEntry[] = []
  let page: TrailPage = { events: [] }
  do {
    page = await store.read.trail.search({ ...query, before: page.next })
    found.push(...page.events)
  } while (page.next)
  return found
}

/** Every stamp of every lane, lane by lane, each read from its beginning in pages of three. */
export async function stampsOf(store: Store): Promise<readonly TrailStamp[]> {
  const found: TrailStamp[] = []
  for (const { lane } of await store.read.trail.lanes()) {
    for (;;) {
      const last = found.at(-1)
      const page = await store.read.trail.stamps(lane, last?.lane === lane ? last.number : 0, 3)
      if (page.length === 0) break
      found.push(...page)
    }
  }
  return found
}

/** The lane with the most events. An engine may have spread them over several. */
export async function longestLane(store: Store): Promise<{ readonly lane: number; readonly length: number }> {
  const lengths = Map.groupBy(await stampsOf(store), ({ lane }) => lane)
  const [longest] = [...lengths].sort(([, a], [, b]) => b.length - a.length)
  assert.ok(longest, 'no lane has an event')
  return { lane: longest[0], length: longest[1].length }
}
