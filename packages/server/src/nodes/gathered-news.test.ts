import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Heard, News } from '../fleet/dispatch.ts'
import type { Writers } from '../store/store.ts'
import { openTestStore } from '../store/test-store.ts'
import { GatheredNews } from './gathered-news.ts'

const OF = { account: '111122223333', region: 'us-east-1', commandId: 'c' }
const AT = new Date('2026-01-15T10:00:00Z')

const of = (instanceId: string): News => ({ instanceId, startedAt: AT })
const namesOf = (news: readonly News[]) => news.map(({ instanceId }) => instanceId)

/** Of `b` the command is over, of `d` there is none. */
function heardOf(news: readonly News[]): readonly Heard[] {
  return namesOf(news).map((id) => (id === 'b' ? 'over' : id === 'd' ? 'foreign' : 'taken'))
}

/** Writes down who was taken together. */
function noting(taken: string[][]) {
  return async (_: Writers, __: unknown, news: readonly News[]) => {
    taken.push(namesOf(news))
    return heardOf(news)
  }
}

/** A store whose transactions a test lets end, and run again. */
function gated() {
  const gates: PromiseWithResolvers<void>[] = []
  const again = { is: false }
  const tx = {} as Writers // nothing here asks it
  return {
    again,
    async write<T>(work: (tx: Writers) => Promise<T>): Promise<T> {
      const gate = Promise.withResolvers<void>()
      gates.push(gate)
      if (again.is) await work(tx)
      const done = await work(tx)
      await gate.promise
      return done
    },
    end: () => gates.shift()?.resolve(),
  }
}

test('what nodes tell of a command while a transaction is under way is one transaction, in the order in which it came', async () => {
  const store = gated()
  const taken: string[][] = []
  const gathered = new GatheredNews(store, noting(taken))
  const told = ['a', 'b', 'c', 'd'].map((id) => gathered.tell(OF, of(id)))
  const other = gathered.tell({ ...OF, commandId: 'other' }, of('e'))
  assert.deepEqual(taken, [['a'], ['e']])
  store.end()
  await told[0]
  await new Promise(setImmediate)
  assert.deepEqual(taken, [['a'], ['e'], ['b', 'c', 'd']])
  store.end()
  await other
  store.end()
  assert.deepEqual(await Promise.all(told), ['taken', 'over', 'taken', 'foreign'])
  // What comes when all is over is not left lying.
  const last = gathered.tell(OF, of('f'))
  store.end()
  await last
  assert.deepEqual(taken.at(-1), ['f'])
})

test('a transaction that runs again takes the same, and nothing twice after it', async () => {
  const store = gated()
  store.again.is = true
  const taken: string[][] = []
  const gathered = new GatheredNews(store, noting(taken))
  const told = ['a', 'b', 'c'].map((id) => gathered.tell(OF, of(id)))
  store.end()
  await told[0]
  await new Promise(setImmediate)
  store.end()
  await Promise.all(told)
  assert.deepEqual(taken, [['a'], ['a'], ['b', 'c'], ['b', 'c']])
})

test('news that cannot be taken fails for its node alone, and what was told at its side is durable', async () => {
  await using store = await openTestStore()
  const taken: string[] = []
  const gathered = new GatheredNews(store, async (tx, { account, region }, news) => {
    if (namesOf(news).includes('bad')) throw new Error('no')
    for (const id of namesOf(news)) await tx.desired.note({ account, region }, id, 'taken')
    taken.push(...namesOf(news))
    return heardOf(news)
  })
  const outcomes = await Promise.allSettled(['a', 'bad', 'b'].map((id) => gathered.tell(OF, of(id))))
  assert.deepEqual(
    outcomes.map((each) => (each.status === 'fulfilled' ? each.value : each.status)),
    ['taken', 'rejected', 'over'],
  )
  const kept = await store.read.desired.ofNodes(OF, ['a', 'bad', 'b'])
  assert.deepEqual([...kept.keys()].toSorted(), ['a', 'b'])
  await assert.rejects(gathered.tell(OF, of('bad')), /no/)
})
