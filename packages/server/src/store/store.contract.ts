import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'
import { interleavingsContract } from './interleavings.contract.ts'
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
import type { Store, Writers } from './store.ts'

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

  interleavingsContract(open, { interleavings: runs, serial })
}
