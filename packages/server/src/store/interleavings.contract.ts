import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setImmediate as nextTurn } from 'node:timers/promises'
import fc from 'fast-check'
import {
  type Engine,
  entry,
  PLACE,
  pairOf,
  putPair,
  recorded,
  STOP,
  throughKysely,
} from './pairs.test-support.ts'
import type { Store } from './store.ts'

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

/** Random callers at once, against a model of the same callers one after another. */
export function interleavingsContract(open: () => Promise<Store>, engine: Engine): void {
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
