import assert from 'node:assert/strict'
import { createSecretKey } from 'node:crypto'
import { inspect } from 'node:util'
import pg from 'pg'
import { systemClock } from '../../platform/clock.ts'
import { openStore } from '../open.ts'
import type { Store } from '../store.ts'
import type { TrailEntry } from '../trail.ts'
import { openTestDatabase, TEST_POSTGRES } from './test-database.ts'

/** For `test` and `describe`: what these tests need besides Node. */
export const skip = TEST_POSTGRES
  ? false
  : 'LOCKSTEP_TEST_POSTGRES names no PostgreSQL; npm run conformance does'

export const PLACE = { account: '111122223333', region: 'us-east-1' }

const MAC_KEY = createSecretKey(Buffer.alloc(32, 7))

/** One server's store, with the problems that it would have logged. */
export interface TestServer extends AsyncDisposable {
  readonly store: Store
  readonly problems: readonly string[]
  /** All that a log could show of each. */
  readonly logged: string[]
}

/** One database, and as many servers on it as a test asks for. */
export interface Scene extends AsyncDisposable {
  readonly url: string
  /** @param url Another way to the same database. */
  serve(url?: string): Promise<TestServer>
  /** What an administrator sees and does. */
  ask<Row extends pg.QueryResultRow>(text: string): Promise<readonly Row[]>
}

export async function openScene(): Promise<Scene> {
  const parts = new AsyncDisposableStack()
  const database = parts.use(await openTestDatabase(TEST_POSTGRES ?? ''))
  const administrator = new pg.Client({ connectionString: database.url })
  await administrator.connect()
  parts.defer(() => administrator.end())
  return {
    url: database.url,
    async serve(url = database.url) {
      const server = await openServer(url)
      parts.use(server)
      return server
    },
    ask: async <Row extends pg.QueryResultRow>(text: string) => (await administrator.query<Row>(text)).rows,
    [Symbol.asyncDispose]: () => parts.disposeAsync(),
  }
}

/** Closing it twice is harmless. */
export async function openServer(url: string): Promise<TestServer> {
  const problems: string[] = []
  const logged: string[] = []
  const onProblem = (event: string, fields: object) => {
    problems.push(event)
    logged.push(inspect(fields, { depth: 9, showHidden: true }))
  }
  const store = await openStore({ kind: 'postgres', url, clock: systemClock, onProblem })
  await store.openTrail(1, MAC_KEY)
  let closing: Promise<void> | undefined
  return {
    store,
    problems,
    logged,
    [Symbol.asyncDispose]() {
      closing ??= Promise.resolve(store[Symbol.asyncDispose]())
      return closing
    },
  }
}

export function entry(number: number, name = 'GetSecretValue'): TrailEntry {
  return {
    ...PLACE,
    eventId: `00000000-0000-7000-8000-${String(number).padStart(12, '0')}`,
    at: new Date(1_700_000_000_000 + number),
    name,
    source: 'secretsmanager.amazonaws.com',
    readOnly: true,
    resources: [],
    body: JSON.stringify({ number }),
  }
}

/** The events by lane, of lanes that hold any. Fails where one has a gap or an event is there twice. */
export async function recorded(store: Store): Promise<ReadonlyMap<number, readonly number[]>> {
  const found = new Map<number, readonly number[]>()
  for (const { lane } of await store.read.trail.lanes()) {
    const events = await store.read.trail.events(lane, { from: 1, limit: 10_000 })
    const numbers = events.map(({ number }) => number)
    assert.deepEqual(
      numbers,
      numbers.map((_, i) => i + 1),
      `lane ${lane} has a gap`,
    )
    if (events.length > 0) found.set(lane, events.map(numberOf))
  }
  const all = [...found.values()].flat()
  assert.equal(new Set(all).size, all.length, 'an event is on the trail twice')
  return found
}

/** Which of {@link entry}'s are on the trail, in whatever lane, the lowest first. */
export async function recordedNumbers(store: Store): Promise<readonly number[]> {
  return [...(await recorded(store)).values()].flat().sort((a, b) => a - b)
}

function numberOf({ eventId }: { readonly eventId: string }): number {
  return Number(eventId.slice(-12))
}
