import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import type { QueryResult, QueryResultRow } from 'pg'
import { Connection } from './connection.ts'
import { Topics } from './topics.ts'

/** A database that counts, and whose answers come when the test says. */
class Counter {
  sum = 0
  /** What was asked and not answered yet. */
  answer: (() => void) | undefined
  readonly connection = new Connection(
    <Row extends QueryResultRow>() =>
      new Promise<QueryResult<Row>>((resolve) => {
        const rows = [{ topic: 'keys', sum: this.sum }] as unknown as Row[]
        this.answer = () => resolve({ rows, rowCount: 1, command: 'SELECT', oid: 0, fields: [] })
      }),
  )
}

async function look(topics: Topics, counter: Counter, nowMs: number): Promise<void> {
  const looking = topics.look(counter.connection, nowMs)
  counter.answer?.()
  await looking
}

// Long: it takes seven acts in the right order to hide something.
const acts = fc.array(fc.constantFrom('own', 'told', 'other', 'ask', 'answer'), {
  minLength: 60,
  maxLength: 90,
})

test("no interleaving of commits and looks hides another server's change", async () => {
  await fc.assert(
    fc.asyncProperty(acts, async (script) => {
      const topics = new Topics()
      const counter = new Counter()
      await look(topics, counter, 0)
      let untold = 0
      let looking: { readonly ended: Promise<void>; readonly changes: number } | undefined
      /** The revision at which a cache may have been filled just before each change of another server. */
      const before: number[] = []
      for (const act of script) {
        if (act === 'own') {
          counter.sum += 1
          untold += 1
        } else if (act === 'told' && untold > 0) {
          untold -= 1
          topics.committed('keys')
        } else if (act === 'other') {
          before.push(topics.revision('keys', 0))
          counter.sum += 1
        } else if (act === 'ask' && !looking) {
          looking = { ended: topics.look(counter.connection, 0), changes: before.length }
        } else if (act === 'answer' && looking) {
          counter.answer?.()
          await looking.ended
          const seen = before.slice(0, looking.changes)
          for (const revision of seen) assert.ok(topics.revision('keys', 0) > revision)
          looking = undefined
        }
      }
    }),
    { numRuns: 500 },
  )
})

test('while nobody has looked for more than a second, every answer is a new revision', async () => {
  const topics = new Topics()
  const counter = new Counter()
  assert.notEqual(topics.revision('keys', 0), topics.revision('keys', 0))
  await look(topics, counter, 0)
  assert.equal(topics.revision('keys', 1000), topics.revision('keys', 1000))
  assert.notEqual(topics.revision('keys', 1001), topics.revision('keys', 1001))
  // A clock that was set back.
  assert.notEqual(topics.revision('keys', -1001), topics.revision('keys', -1001))
})

test('what a look found counts from when it was asked for, however long the answer took', async () => {
  const topics = new Topics()
  const counter = new Counter()
  await look(topics, counter, 0)
  const slow = topics.look(counter.connection, 500)
  counter.answer?.()
  await slow
  assert.notEqual(topics.revision('keys', 1501), topics.revision('keys', 1501))
})

test('after a second without a look an equal sum is a change: one may be lost, and another in its place', async () => {
  const topics = new Topics()
  const counter = new Counter()
  await look(topics, counter, 0)
  const before = topics.revision('keys', 0)
  await look(topics, counter, 400)
  assert.equal(topics.revision('keys', 400), before)
  await look(topics, counter, 5000)
  assert.ok(topics.revision('keys', 5000) > before)
})
