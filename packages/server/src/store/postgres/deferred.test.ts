import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ManualTimer } from '../../testing/manual-timer.ts'
import type { Writers } from '../store.ts'
import { StoreUnavailable } from '../unavailable.ts'
import { Deferred } from './deferred.ts'

function start(fail: () => Error | undefined = () => undefined) {
  const done: string[] = []
  const problems: string[] = []
  let transactions = 0
  const deferred = new Deferred({
    timer: new ManualTimer(),
    onProblem: (event) => void problems.push(event),
    async write(work) {
      transactions += 1
      const error = fail()
      if (error) throw error
      const before = done.length
      try {
        // The works below use nothing of it.
        await work({} as Writers)
      } catch (error) {
        done.length = before
        throw error
      }
    },
  })
  const put = (name: string) => async () => {
    if (name.startsWith('bad')) throw new Error(name)
    done.push(name)
  }
  return { deferred, done, problems, put, transactions: () => transactions }
}

test('many share a transaction, and one that fails takes no other with it', async () => {
  const { deferred, done, problems, put, transactions } = start()
  for (const name of ['a', 'bad', 'b', 'c']) deferred.add(put(name))
  await deferred.close()
  assert.deepEqual(done, ['a', 'b', 'c'])
  assert.deepEqual(problems, ['store.deferred-failed'])
  assert.equal(transactions(), 5)
})

test('where nothing can be written, closing does not wait for each', async () => {
  const { deferred, put, transactions } = start(() => new StoreUnavailable('unreachable'))
  for (let i = 0; i < 1000; i++) deferred.add(put(`${i}`))
  await deferred.close()
  assert.equal(transactions(), 1)
})

test('while nothing is written, no more is kept than ten thousand', async () => {
  const { deferred, done, put } = start()
  for (let i = 0; i < 10_001; i++) deferred.add(put(`${i}`))
  await deferred.close()
  assert.equal(done.length, 10_000)
})
