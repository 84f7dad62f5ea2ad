import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { setTimeout as delay, setImmediate as nextTurn } from 'node:timers/promises'
import fc from 'fast-check'
import type { Readers, Store, Writers } from './store.ts'
import type { TrailEntry } from './trail.ts'

const PLACE = { account: '111122223333', region: 'us-east-1' }
const STOP = new Error('stop')

/** Two rows that every honest transaction changes together: whoever sees them differ saw half of one. */
async function putPair(tx: Writers, tag: number, between?: () => Promise<void>): Promise<void> {
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

async function pairOf(reader: Pick<Readers, 'jobs'>): Promise<readonly unknown[]> {
  return (await reader.jobs.list(PLACE, 'pair')).map(({ payload }) => payload.tag)
}

/** The same row through Kysely. */
async function throughKysely(reader: Pick<Readers, 'jobs'>): Promise<number | undefined> {
  return (await reader.jobs.nextAt(['pair']))?.getTime()
}

function entry(number: number): TrailEntry {
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
async function recorded(store: Store): Promise<readonly string[]> {
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

/** What every engine must do, whatever it is made of. */
export function storeContract(open: () => Promise<Store>, { interleavings: runs, serial }: Engine): void {
  describe('transactions', () => {
    test('a work answers what it returned, and is there for the next reader', async () => {
      await using store = await open()
      assert.equal(await store.write(async (tx) => putPair(tx, 1).then(() => 'answer')), 'answer')
      assert.deepEqual(await pairOf(store.read), [1, 1])
      assert.equal(await throughKysely(store.read), 1)
    })

    test('a work that throws leaves nothing, and its error reaches its caller as it was', async () => {
      await using store = await open()
      const failed = store.write(async (tx) => {
        await putPair(tx, 1)
        throw STOP
      })
      await assert.rejects(failed, (error) => error === STOP)
      assert.deepEqual(await pairOf(store.read), [])
    })

    for (const thrown of [false, true]) {
      test(`a reader that asks in the middle of a work that ${thrown ? 'fails' : 'succeeds'} sees all of it or nothing`, async () => {
        await using store = await open()
        await store.write((tx) => putPair(tx, 1))
        let asked: Promise<readonly [readonly unknown[], number | undefined]> | undefined
        const work = store.write(async (tx) => {
          await putPair(tx, 2, async () => {
            asked = Promise.all([pairOf(store.read), throughKysely(store.read)])
            // Long enough for a reader that does not wait to be done.
            for (let i = 0; i < 50; i++) await pairOf(tx)
          })
          if (thrown) throw STOP
        })
        if (thrown) await assert.rejects(work)
        else await work
        const [[left, right], kysely] = (await asked) ?? [[], undefined]
        assert.equal(left, right)
        assert.ok(left === 1 || (left === 2 && !thrown), `saw ${left}`)
        assert.ok(kysely === 1 || (kysely === 2 && !thrown), `saw ${kysely} through Kysely`)
      })
    }

    test('a work sees its own changes and those of the works before it', async () => {
      await using store = await open()
      const first = store.write((tx) => putPair(tx, 1))
      if (!serial) await first
      const second = store.write(async (tx) => {
        const before = await pairOf(tx)
        await putPair(tx, 2)
        return [before, await pairOf(tx), await throughKysely(tx)]
      })
      assert.deepEqual(await second, [[1, 1], [2, 2], 2])
      await first
    })

    test('a failure takes nothing of its neighbours with it', async () => {
      await using store = await open()
      const job = (key: string) => ({ ...PLACE, id: key, kind: 'k', key, runAt: new Date(0), payload: {} })
      const works = ['a', 'bad-1', 'b', 'bad-2', 'c'].map((key) =>
        store.write(async (tx) => {
          await tx.jobs.queue(job(key))
          if (key.startsWith('bad')) throw STOP
        }),
      )
      const ends = (await Promise.allSettled(works)).map(({ status }) => status)
      assert.deepEqual(ends, ['fulfilled', 'rejected', 'fulfilled', 'rejected', 'fulfilled'])
      assert.deepEqual(
        (await store.read.jobs.list(PLACE, 'k')).map(({ key }) => key),
        ['a', 'b', 'c'],
      )
    })

    const inOrder = 'works and records happen in the order in which they were asked for'
    test(inOrder, { skip: !serial && 'this engine runs them side by side' }, async () => {
      await using store = await open()
      const order: number[] = []
      const asked: Promise<void>[] = []
      for (let i = 0; i < 40; i++) {
        const append = async (tx: Writers) => {
          order.push(i)
          await tx.trail.append(entry(i))
        }
        asked.push(i % 3 === 0 ? store.write(append) : store.record(entry(i)))
      }
      await Promise.all(asked)
      assert.deepEqual(
        order,
        [...order].sort((a, b) => a - b),
      )
      assert.deepEqual(
        await recorded(store),
        Array.from({ length: 40 }, (_, i) => entry(i).eventId),
      )
    })

    test('a transaction that is over can do no more, not even with Kysely', async () => {
      await using store = await open()
      let kept: Writers | undefined
      await store.write(async (tx) => {
        kept = tx
      })
      assert.ok(kept)
      await assert.rejects(putPair(kept, 1), /ended/)
      await assert.rejects(throughKysely(kept), /ended/)
    })

    test('a revision grows with a commit that changed its topic, and with no other', async () => {
      await using store = await open()
      const before = store.revision('keys')
      await store.write((tx) => putPair(tx, 1))
      assert.equal(store.revision('keys'), before)
    })
  })

  describe('the trail', () => {
    test('a work that is rolled back gives its number to the next event', async () => {
      await using store = await open()
      await store.record(entry(1))
      const failed = store.write(async (tx) => {
        await tx.trail.append(entry(2))
        throw STOP
      })
      const after = store.record(entry(3))
      await assert.rejects(failed)
      await after
      assert.deepEqual(await recorded(store), [entry(1).eventId, entry(3).eventId])
    })
  })

  describe('deferred works', () => {
    test('one that fails harms nobody', async () => {
      await using store = await open()
      store.defer((tx) => putPair(tx, 1))
      await store.write(async () => {})
      for (let i = 0; i < 300 && (await pairOf(store.read)).length === 0; i++) await delay(10)
      assert.deepEqual(await pairOf(store.read), [1, 1])
    })

    test('what was deferred before closing is kept', async () => {
      const ran: string[] = []
      {
        await using store = await open()
        store.defer(async () => void ran.push('deferred'))
      }
      assert.deepEqual(ran, ['deferred'])
    })
  })

  test('a closed store refuses', async () => {
    const store = await open()
    await store[Symbol.asyncDispose]()
    await assert.rejects(
      store.write(async () => {}),
      { name: 'StoreUnavailable', reason: 'closed' },
    )
    await assert.rejects(store.record(entry(1)), { name: 'StoreUnavailable', reason: 'closed' })
    await assert.rejects(pairOf(store.read), { name: 'StoreUnavailable', reason: 'closed' })
  })

  test('probing says nothing where all is well', async () => {
    await using store = await open()
    await store.probe()
  })

  interleavings(open, { interleavings: runs, serial })
}

type Act =
  | { readonly kind: 'write' | 'throw' | 'record' | 'read' | 'turn'; readonly pauses: number }
  | { readonly kind: 'wait' }

const acts = fc.array(
  fc.oneof(
    fc.record({
      kind: fc.constantFrom('write' as const, 'throw' as const, 'record' as const, 'read' as const),
      pauses: fc.nat(6),
    }),
    fc.record({ kind: fc.constant('turn' as const), pauses: fc.nat(2) }),
    fc.record({ kind: fc.constant('wait' as const) }),
  ),
  { maxLength: 40 },
)

function interleavings(open: () => Promise<Store>, engine: Engine): void {
  test('whatever the callers do at once, the end is that of one after another, and no reader sees a half', async () => {
    await fc.assert(
      fc.asyncProperty(acts, async (script) => {
        await using store = await open()
        const run = new Interleaving(store, engine)
        for (const [i, act] of script.entries()) await run.step(act, i + 1)
        await run.end()
      }),
      { numRuns: engine.interleavings },
    )
  })
}

/** Plays a script without waiting for one act before the next, and keeps the model it must agree with. */
class Interleaving {
  readonly #store: Store
  readonly #asked: Promise<unknown>[] = []
  /** Tags that a transaction wrote and threw away. */
  readonly #bad = new Set<unknown>()
  readonly #events: string[] = []
  readonly #engine: Engine
  /** Tags that were written to stay, in the order in which that was asked for. */
  readonly #good: number[] = []

  constructor(store: Store, engine: Engine) {
    this.#store = store
    this.#engine = engine
  }

  async step(act: Act, tag: number): Promise<void> {
    if (act.kind === 'wait') await Promise.all(this.#asked)
    else if (act.kind === 'turn') for (let i = 0; i < act.pauses; i++) await nextTurn()
    else this.#asked.push(this.#ask(act.kind, tag, act.pauses))
  }

  async end(): Promise<void> {
    // What was asked for may ask for more.
    for (let seen = -1; seen < this.#asked.length; ) {
      seen = this.#asked.length
      await Promise.all(this.#asked)
    }
    const pair = await pairOf(this.#store.read)
    const last = this.#engine.serial ? this.#good.at(-1) : this.#good.find((tag) => tag === pair[0])
    assert.deepEqual(pair, this.#good.length === 0 ? [] : [last, last])
    const events = await recorded(this.#store)
    if (this.#engine.serial) assert.deepEqual(events, this.#events)
    else assert.deepEqual([...events].sort(), [...this.#events].sort())
  }

  #ask(kind: 'write' | 'throw' | 'record' | 'read', tag: number, pauses: number): Promise<unknown> {
    if (kind === 'read') return this.#read(pauses)
    if (kind === 'record' || kind === 'write') this.#events.push(entry(tag).eventId)
    if (kind === 'record') return this.#store.record(entry(tag))
    if (kind === 'throw') {
      this.#bad.add(tag)
      return assert.rejects(this.#write(tag, pauses, true), (error) => error === STOP)
    }
    this.#good.push(tag)
    return this.#write(tag, pauses, false)
  }

  #write(tag: number, pauses: number, thrown: boolean): Promise<void> {
    return this.#store.write(async (tx) => {
      await putPair(tx, tag, async () => {
        // As a call would that comes to its reading while this work is under way.
        this.#asked.push(this.#read(pauses))
        for (let i = 0; i < pauses; i++) await tx.jobs.find(PLACE, 'pair', 'left')
      })
      await tx.trail.append(entry(tag))
      if (thrown) throw STOP
    })
  }

  async #read(times: number): Promise<void> {
    for (let i = 0; i <= times; i++) {
      const [left, right, ...more] = await pairOf(this.#store.read)
      assert.equal(left, right)
      assert.ok(more.length === 0 && !this.#bad.has(left))
      assert.ok(!this.#bad.has(await throughKysely(this.#store.read)))
    }
  }
}
