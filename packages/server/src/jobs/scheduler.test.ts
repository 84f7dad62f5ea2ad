import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { Bus } from '../bus/bus.ts'
import { Keyring } from '../keyring/keyring.ts'
import { openMemoryRootKey } from '../keyring/root-keys/memory.ts'
import type { Logger } from '../platform/logger.ts'
import { Metrics } from '../platform/metrics.ts'
import { systemRandom } from '../platform/random.ts'
import type { NewJob } from '../store/jobs.ts'
import { openTestStore } from '../store/test-store.ts'
import { ManualClock } from '../testing/manual-clock.ts'
import { NO_CHANNELS } from '../testing/no-channels.ts'
import { inTransaction, type JobRooms, type RunJob } from './job.ts'
import { retryDelayMs, Scheduler } from './scheduler.ts'

const PLACE = { account: '111122223333', region: 'us-east-1' }
const START = new Date('2026-01-15T10:00:00Z')

/** A scheduler of one kind of job, and of others apart, on a clock and a timer that only the test moves. */
async function start(run: RunJob, apart: Readonly<Record<string, RunJob>> = {}) {
  const clock = new ManualClock(START)
  const store = await openTestStore({ kind: 'memory' }, clock)
  const { keyring } = await Keyring.create(openMemoryRootKey(systemRandom), systemRandom, START)
  const functions = { invoke: () => assert.fail('no job here invokes a function') }
  const bus = new Bus({ store, random: systemRandom })
  const doors = { store, keyring, clock, random: systemRandom, functions, channels: NO_CHANNELS }
  const rooms: JobRooms = { ...doors, bus, metrics: new Metrics() }
  const wakes: (() => void)[] = []
  const logged: string[] = []
  const note = (event: string) => void logged.push(event)
  const logger: Logger = { debug: note, info: note, warn: note, error: note }
  const timer = {
    atTurnEnd: setImmediate,
    after(_: number, callback: () => void) {
      wakes.push(callback)
      return { [Symbol.dispose]: () => void wakes.splice(wakes.indexOf(callback), 1) }
    },
  }
  const scheduler = new Scheduler({
    rooms,
    timer,
    logger,
    groups: [
      { name: 'house', concurrency: 4, jobs: { kind: run } },
      { name: 'rotation', concurrency: 4, jobs: apart },
    ],
  })
  const queue = (key: string, seconds = 0, changes: Partial<NewJob> = {}) => {
    const runAt = new Date(clock.now().getTime() + seconds * 1000)
    const job = { ...PLACE, id: systemRandom.uuid(), kind: 'kind', key, runAt, payload: {}, ...changes }
    return store.write((tx) => tx.jobs.queue(job))
  }
  return {
    rooms,
    clock,
    store,
    scheduler,
    queue,
    wakes,
    logged,
    async [Symbol.asyncDispose]() {
      await scheduler[Symbol.asyncDispose]()
      await store[Symbol.asyncDispose]()
    },
  }
}

/** A kind that writes down the keys it ran for. */
function noting(ran: string[]): RunJob {
  return inTransaction(async (_tx, { key }) => {
    ran.push(key)
    return undefined
  })
}

describe('the scheduler', () => {
  test('runs a job when its time has come, once, and takes it off the queue', async () => {
    const ran: string[] = []
    await using house = await start(noting(ran))
    await house.queue('a', 60)
    await house.scheduler.settle()
    assert.deepEqual(ran, [])
    house.clock.advance(60)
    await house.scheduler.settle()
    await house.scheduler.settle()
    assert.deepEqual(ran, ['a'])
    assert.equal(await house.store.read.jobs.nextAt(['kind']), undefined)
  })

  test('runs more than it runs at once, the longest overdue first', async () => {
    const ran: string[] = []
    await using house = await start(noting(ran))
    for (let i = 0; i < 10; i++) await house.queue(`${9 - i}`, -i)
    await house.scheduler.settle()
    assert.deepEqual(ran, ['0', '1', '2', '3', '4', '5', '6', '7', '8', '9'])
  })

  test('settles only once what a job made due in a group that was looked at before has run', async () => {
    const ran: string[] = []
    const relay = inTransaction(async (tx, { key }) => {
      const next = key === 'first' ? { kind: 'relay', key: 'second' } : { kind: 'kind', key: 'last' }
      await tx.jobs.queue({ ...PLACE, ...next, id: systemRandom.uuid(), runAt: START, payload: {} })
      return undefined
    })
    await using house = await start(noting(ran), { relay })
    const { jobs } = house.store.read
    const nextAt = jobs.nextAt.bind(jobs)
    jobs.nextAt = async (kinds) => {
      const answer = await nextAt(kinds)
      // The answer is late: what runs meanwhile queues a job that it does not tell of.
      if (kinds.includes('kind')) for (let turn = 0; turn < 20; turn++) await new Promise(setImmediate)
      return answer
    }
    await house.queue('first', 0, { kind: 'relay' })
    await house.scheduler.settle()
    assert.deepEqual(ran, ['last'])
  })

  test('never runs more than four at once', async () => {
    let running = 0
    let most = 0
    await using house = await start(async (job, { store }) => {
      most = Math.max(most, ++running)
      await new Promise(setImmediate)
      running--
      await store.write((tx) => tx.jobs.done(job))
    })
    for (let i = 0; i < 9; i++) await house.queue(`${i}`)
    await house.scheduler.settle()
    assert.equal(most, 4)
  })

  test('puts the lease of what runs off again and again, so that no other server takes it', async () => {
    const held = Promise.withResolvers<void>()
    await using house = await start(async (job, { store }) => {
      await held.promise
      await store.write((tx) => tx.jobs.done(job))
    })
    await house.queue('a')
    house.scheduler.nudge()
    while (house.wakes.length < 2) await new Promise(setImmediate)
    for (let renewals = 0; renewals < 9; renewals++) {
      house.clock.advance(20)
      const before = (await house.store.read.jobs.find(PLACE, 'kind', 'a'))?.runAt
      for (const wake of house.wakes.splice(0)) wake()
      while ((await house.store.read.jobs.find(PLACE, 'kind', 'a'))?.runAt.getTime() === before?.getTime())
        await new Promise(setImmediate)
    }
    const claim = { claimant: 'other', now: house.clock.now(), leaseMs: 1, kinds: ['kind'], limit: 1 }
    assert.deepEqual(await house.store.write((tx) => tx.jobs.claimDue(claim)), [])
    held.resolve()
    await house.scheduler.settle()
    assert.equal(await house.store.read.jobs.nextAt(['kind']), undefined)
  })

  test('does not begin a job again that it still runs, although its clock has passed the lease', async () => {
    const held = Promise.withResolvers<void>()
    const ran: string[] = []
    await using house = await start(async (job, { store }) => {
      ran.push(job.key)
      if (job.key === 'long') await held.promise
      await store.write((tx) => tx.jobs.done(job))
    })
    await house.queue('long')
    house.scheduler.nudge()
    while (ran.length < 1) await new Promise(setImmediate)
    house.clock.advance(3600)
    await house.queue('short')
    house.scheduler.nudge()
    while (await house.store.read.jobs.find(PLACE, 'kind', 'short')) await new Promise(setImmediate)
    held.resolve()
    await house.scheduler.settle()
    assert.deepEqual(ran, ['long', 'short'])
    assert.equal(await house.store.read.jobs.nextAt(['kind']), undefined)
  })

  test('is stopped after a while even where a job does not end', { timeout: 5000 }, async () => {
    const long = Promise.withResolvers<void>()
    await using house = await start(() => long.promise)
    await house.queue('a')
    house.scheduler.nudge()
    while (house.wakes.length < 2) await new Promise(setImmediate)
    const stopped = house.scheduler[Symbol.asyncDispose]()
    let isOver = false
    void stopped.then(() => {
      isOver = true
    })
    for (let turn = 0; turn < 10; turn++) await new Promise(setImmediate)
    assert.equal(isOver, false)
    for (const wake of house.wakes.splice(0)) wake()
    await stopped
    long.resolve()
  })

  test('looks again by itself', { timeout: 5000 }, async () => {
    const ran: string[] = []
    await using house = await start(noting(ran))
    await house.scheduler.settle()
    await house.queue('a')
    const [wake] = house.wakes
    assert.ok(wake)
    wake()
    while (ran.length === 0) await new Promise(setImmediate)
  })

  test('tries a failed job again, later each time, and keeps what failed', async () => {
    let attempts = 0
    await using house = await start(async () => {
      attempts++
      throw new TypeError('no')
    })
    await house.queue('a')
    await house.scheduler.settle()
    assert.equal(attempts, 1)
    house.clock.advance(1)
    await house.scheduler.settle()
    house.clock.advance(1)
    await house.scheduler.settle()
    assert.equal(attempts, 2)
    assert.equal((await house.store.read.jobs.find(PLACE, 'kind', 'a'))?.lastError, 'TypeError')
    assert.deepEqual(house.logged, ['job.failed', 'job.failed'])
  })

  test('runs again what a dead server had claimed, once its lease is over', async () => {
    const ran: string[] = []
    await using house = await start(noting(ran))
    await house.queue('a')
    const claim = { claimant: 'dead', now: house.clock.now(), leaseMs: 60_000, kinds: ['kind'], limit: 1 }
    await house.store.write((tx) => tx.jobs.claimDue(claim))
    await house.scheduler.settle()
    assert.deepEqual(ran, [])
    house.clock.advance(60)
    await house.scheduler.settle()
    assert.deepEqual(ran, ['a'])
  })

  test('a job whose claim was lost changes nothing', async () => {
    const making = inTransaction(async (tx, job) => {
      await tx.jobs.queue({ ...job, key: 'made by the job' })
      return undefined
    })
    await using house = await start(making)
    await house.queue('a')
    const claim = { now: house.clock.now(), leaseMs: 0, kinds: ['kind'], limit: 1 }
    const [lost] = await house.store.write((tx) => tx.jobs.claimDue({ ...claim, claimant: 'slow' }))
    await house.store.write((tx) => tx.jobs.claimDue({ ...claim, claimant: 'next', leaseMs: 60_000 }))
    assert.ok(lost)
    await assert.rejects(making(lost, house.rooms), { name: 'ClaimLost' })
    assert.equal(await house.store.read.jobs.find(PLACE, 'kind', 'made by the job'), undefined)
  })

  test('leaves kinds alone that it does not know', async () => {
    await using house = await start(noting([]))
    await house.queue('a', 0, { kind: 'other' })
    await house.scheduler.settle()
    assert.ok(await house.store.read.jobs.find(PLACE, 'other', 'a'))
  })

  test('stopping waits for what runs and starts nothing more', async () => {
    const ran: string[] = []
    const house = await start(async (job, { store }) => {
      await new Promise(setImmediate)
      await store.write((tx) => tx.jobs.done(job))
      ran.push(job.key)
    })
    for (let i = 0; i < 6; i++) await house.queue(`${i}`)
    house.scheduler.nudge()
    while (!(await house.store.read.jobs.find(PLACE, 'kind', '0'))?.attempts) await new Promise(setImmediate)
    await house[Symbol.asyncDispose]()
    assert.deepEqual(ran, ['0', '1', '2', '3'])
    assert.deepEqual(house.wakes, [])
  })
})

test('the wait before a retry doubles, up to an hour', () => {
  assert.deepEqual(
    [1, 2, 3, 12, 13, 1000].map(retryDelayMs),
    [1000, 2000, 4000, 2_048_000, 3_600_000, 3_600_000],
  )
})
