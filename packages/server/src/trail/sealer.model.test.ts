import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { systemTimer } from '../platform/timer.ts'
import { ManualClock } from '../testing/manual-clock.ts'
import { verifyStored } from './database.ts'
import { Sealer, type SealerStore } from './sealer.ts'
import { entriesAt, TestLanes } from './test-lanes.ts'
import { testKeyring } from './test-trail.ts'

const SEALERS = 3

/** What happens next. `pick` chooses among whatever there is to choose from. */
type Act =
  | { readonly kind: 'open' }
  | { readonly kind: 'append'; readonly pick: number; readonly count: number }
  | { readonly kind: 'end'; readonly pick: number }
  /** A lane's last event, and its end: nothing can be appended any more. */
  | { readonly kind: 'lastWords'; readonly pick: number }
  | { readonly kind: 'seal'; readonly pick: number }
  /** One question of one sealer to the store is answered. */
  | { readonly kind: 'step'; readonly pick: number }
  /** A sealer's process dies between two questions, and another is started. */
  | { readonly kind: 'crash'; readonly pick: number }

const pick = fc.nat(1000)
const act: fc.Arbitrary<Act> = fc.oneof(
  { weight: 2, arbitrary: fc.constant<Act>({ kind: 'open' }) },
  {
    weight: 6,
    arbitrary: fc.record({
      kind: fc.constant('append' as const),
      pick,
      // More than a sealer reads of a lane in its first question, now and then.
      count: fc.oneof(
        { weight: 9, arbitrary: fc.integer({ min: 1, max: 3 }) },
        { weight: 1, arbitrary: fc.constant(70) },
      ),
    }),
  },
  { weight: 4, arbitrary: fc.record({ kind: fc.constant('end' as const), pick }) },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant('lastWords' as const), pick }) },
  { weight: 4, arbitrary: fc.record({ kind: fc.constant('seal' as const), pick }) },
  { weight: 16, arbitrary: fc.record({ kind: fc.constant('step' as const), pick }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('crash' as const), pick }) },
)

/** Several sealers over one store, each of whose questions waits until it is let through. */
class Sealers {
  readonly #lanes: TestLanes
  readonly #clock: ManualClock
  readonly #waiting: { readonly sealer: number; resolve(): void; reject(error: Error): void }[] = []
  readonly #sealers: Sealer[]
  readonly #running = new Map<number, Promise<unknown>>()

  constructor(lanes: TestLanes, clock: ManualClock) {
    this.#lanes = lanes
    this.#clock = clock
    this.#sealers = Array.from({ length: SEALERS }, (_, index) => this.#start(index))
  }

  seal(pick: number): void {
    const index = pick % SEALERS
    if (this.#running.has(index)) return
    const round = this.#sealers[index]?.seal().catch((error: unknown) => {
      if (!(error instanceof Crash)) throw error
    })
    this.#running.set(
      index,
      Promise.resolve(round).finally(() => this.#running.delete(index)),
    )
  }

  step(pick: number): void {
    this.#waiting.splice(pick % this.#waiting.length, 1)[0]?.resolve()
  }

  crash(pick: number): void {
    const [died] = this.#waiting.splice(pick % this.#waiting.length, 1)
    if (!died) return
    this.#sealers[died.sealer] = this.#start(died.sealer)
    died.reject(new Crash())
  }

  /** Lets everything through until nothing runs. */
  async settle(): Promise<void> {
    while (this.#running.size > 0) {
      this.step(0)
      await turn()
    }
  }

  #start(index: number): Sealer {
    const pass = () =>
      new Promise<void>((resolve, reject) => this.#waiting.push({ sealer: index, resolve, reject }))
    const { trail } = this.#lanes.read
    const store: SealerStore = {
      read: {
        trail: new Proxy(trail, {
          get:
            (target, name) =>
            async (...values: unknown[]) => {
              await pass()
              return Reflect.apply(Reflect.get(target, name), target, values)
            },
        }),
      },
      openLanes: () => pass().then(() => this.#lanes.openLanes()),
      write: async (work) => {
        await pass()
        const value = await this.#lanes.write(work)
        // It may die when the checkpoint is stored and it does not know that yet.
        await pass()
        return value
      },
    }
    const clock = this.#clock
    const key = this.#lanes.signingKey
    return new Sealer({ store, clock, timer: systemTimer, key, onCheckpoint() {} })
  }
}

class Crash extends Error {}

function turn(): Promise<void> {
  return new Promise((resolve) => systemTimer.atTurnEnd(resolve))
}

test('whatever several servers and sealers do meanwhile, every event is sealed, once and in its place', async () => {
  const keyring = await testKeyring()
  await fc.assert(
    fc.asyncProperty(fc.array(act, { maxLength: 120, size: 'max' }), async (acts) => {
      const lanes = await TestLanes.open(keyring)
      const clock = new ManualClock()
      const sealers = new Sealers(lanes, clock)
      for (const act of acts) {
        if (act.kind === 'open') await lanes.openLane()
        else if (act.kind === 'end') lanes.endLane(act.pick)
        else if (act.kind === 'lastWords') {
          await lanes.append(act.pick, entriesAt(clock.now(), 1))
          lanes.endLane(act.pick, 'at once')
        } else if (act.kind === 'append') await lanes.append(act.pick, entriesAt(clock.now(), act.count))
        else {
          sealers[act.kind](act.pick)
          await turn()
        }
        clock.advance(0.1)
      }
      await sealers.settle()
      await lanes.sealer(clock).seal()
      const verdict = await verifyStored(lanes.read.trail, { keyring })
      lanes.close()
      assert.deepEqual([verdict.kind, verdict.events, verdict.unsealed], ['intact', lanes.appended, 0])
    }),
    { numRuns: 40 },
  )
})
