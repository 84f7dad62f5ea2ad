import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setImmediate as nextTurn } from 'node:timers/promises'
import type { QueryResult, QueryResultRow } from 'pg'
import { systemRandom } from '../../platform/random.ts'
import { ManualClock } from '../../testing/manual-clock.ts'
import { ManualTimer } from '../../testing/manual-timer.ts'
import { StoreUnavailable } from '../unavailable.ts'
import { Connection } from './connection.ts'
import { Lanes } from './lanes.ts'
import { Pulse } from './pulse.ts'
import { Servers } from './servers.ts'

const MAX_SKEW_MS = 10_000
const OFTEN_MS = 200

/** A server whose database knows of it what the test says. */
async function start() {
  const clock = new ManualClock()
  const timer = new ManualTimer()
  const lanes = new Lanes()
  const problems: string[] = []
  const database = { aheadMs: 0, refuses: false, looks: 0, beats: 0, tidied: 0 }
  async function ask<Row extends QueryResultRow>({ text }: { text: string }): Promise<QueryResult<Row>> {
    if (database.refuses) throw new StoreUnavailable('standby')
    const isBeat = text.startsWith('update servers set seen_at')
    if (isBeat) database.beats += 1
    const rows = isBeat ? [{ seen_at: clock.now().getTime() + database.aheadMs }] : []
    // What the queries of servers.ts answer.
    return { rows: rows as unknown as Row[], rowCount: 1, command: 'UPDATE', oid: 0, fields: [] }
  }
  const pulse = new Pulse({
    ...{ clock, timer, random: systemRandom, lanes, maxSkewMs: MAX_SKEW_MS },
    servers: new Servers(new Connection(ask)),
    onProblem: (event) => void problems.push(event),
    async look() {
      database.looks += 1
    },
    async tidy() {
      database.tidied += 1
    },
  })
  await pulse.start()
  const rounds = async (count: number) => {
    for (let i = 0; i < count; i++) {
      timer.pass(OFTEN_MS)
      await nextTurn()
    }
  }
  return { pulse, database, problems, rounds }
}

const isClock = (error: unknown) => error instanceof StoreUnavailable && error.reason === 'clock'

for (const aheadMs of [MAX_SKEW_MS + 1, -MAX_SKEW_MS - 1]) {
  test(`a server ${-aheadMs} ms from the database's clock does nothing until the two agree`, async () => {
    const { pulse, database, problems } = await start()
    database.aheadMs = aheadMs
    await assert.rejects(pulse.beat(), isClock)
    assert.throws(() => pulse.demandGood(), isClock)
    database.aheadMs = Math.sign(aheadMs) * MAX_SKEW_MS
    await pulse.beat()
    pulse.demandGood()
    assert.deepEqual(problems, ['store.clock-skewed', 'store.clock-agrees'])
  })
}

test('every look is a read, every tenth comes with a sign of life, and tidying up happens once', async () => {
  const { database, rounds } = await start()
  const before = { ...database }
  await rounds(40)
  assert.equal(database.looks - before.looks, 40)
  assert.equal(database.beats - before.beats, 4)
  assert.equal(database.tidied, 1)
})

test('the log hears of the first failure and of the end of them, which is noticed at the next look', async () => {
  const { database, problems, rounds } = await start()
  database.refuses = true
  await rounds(30)
  database.refuses = false
  await rounds(1)
  assert.deepEqual(problems, ['store.unavailable', 'store.recovered'])
})
