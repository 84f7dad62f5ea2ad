import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Health } from './health.ts'
import { silentLogger } from './platform/logger.ts'
import { systemTimer, type Timer } from './platform/timer.ts'
import type { Store } from './store/store.ts'
import { openTestStore } from './store/test-store.ts'
import { StoreUnavailable } from './store/unavailable.ts'
import { ManualClock } from './testing/manual-clock.ts'
import { ManualTimer } from './testing/manual-timer.ts'
import { TrailBroken } from './trail/sealer.ts'

function healthOf(
  store: Store,
  { clock = new ManualClock(), timer = systemTimer }: { clock?: ManualClock; timer?: Timer } = {},
): Health {
  return new Health({ store, clock, timer, logger: silentLogger })
}

test('a store that can be written is healthy', async () => {
  await using store = await openTestStore()
  assert.deepEqual((await healthOf(store).check()).page, {
    status: 'ok',
    checks: { store: 'ok', trail: 'ok' },
  })
})

test('a store that cannot be written is red with the reason, and green again once it can', async () => {
  await using store = await openTestStore()
  const clock = new ManualClock()
  const health = healthOf(store, { clock })
  const { probe } = store
  store.probe = () => Promise.reject(new StoreUnavailable('full'))
  const red = await health.check()
  assert.equal(red.healthy, false)
  assert.equal(red.page.checks.store, 'The disk that holds the database is full.')
  store.probe = probe.bind(store)
  clock.advance(1)
  assert.equal((await health.check()).healthy, true)
})

test('a trail that was changed under the sealer is red until it is sealed again', async () => {
  await using store = await openTestStore()
  const clock = new ManualClock()
  const health = healthOf(store, { clock })
  health.unsealed(new TrailBroken('Checkpoint 7 is gone or was replaced: the database was rolled back.'))
  assert.match((await health.check()).page.checks.trail, /rolled back/)
  health.sealed()
  clock.advance(1)
  assert.equal((await health.check()).healthy, true)
})

test('a full disk under a broken trail shows both reasons', async () => {
  await using store = await openTestStore()
  store.probe = () => Promise.reject(new StoreUnavailable('full'))
  const health = healthOf(store)
  health.unsealed(new TrailBroken('Event 3 of lane 1 is missing.'))
  assert.deepEqual((await health.check()).page.checks, {
    store: 'The disk that holds the database is full.',
    trail: 'Event 3 of lane 1 is missing.',
  })
})

test('what a driver says of addresses, users and passwords is not shown to everybody', async () => {
  await using store = await openTestStore()
  const told = 'connect ECONNREFUSED postgres://ada:hunter2@db.internal:5432/lockstep /var/lib/lockstep'
  store.probe = () => Promise.reject(new Error(told, { cause: new Error(told) }))
  const health = healthOf(store)
  health.unsealed(new Error(told))
  const report = await health.check()
  assert.equal(report.healthy, false)
  assert.doesNotMatch(JSON.stringify(report), /hunter2|db\.internal|5432|ada|\/var/)
})

test('a flood of looks writes once a second', async () => {
  await using store = await openTestStore()
  let probes = 0
  store.probe = async () => void probes++
  const health = healthOf(store)
  await Promise.all(Array.from({ length: 100 }, () => health.check()))
  assert.equal(probes, 1)
})

test('a clock that is set back by an hour does not keep an old answer for an hour', async () => {
  await using store = await openTestStore()
  const clock = new ManualClock()
  const health = healthOf(store, { clock })
  await health.check()
  store.probe = () => Promise.reject(new StoreUnavailable('full'))
  clock.advance(-3600)
  assert.equal((await health.check()).healthy, false)
})

test('a store that does not answer is red after five seconds, and green once it answers again', async () => {
  await using store = await openTestStore()
  const clock = new ManualClock()
  const timer = new ManualTimer()
  const health = healthOf(store, { clock, timer })
  const hanging = Promise.withResolvers<void>()
  store.probe = () => hanging.promise
  const looked = health.check()
  timer.pass(5_000)
  assert.partialDeepStrictEqual(await looked, {
    healthy: false,
    page: { checks: { store: 'The store has not answered for more than 5 seconds.' } },
  })
  hanging.resolve()
  await hanging.promise
  clock.advance(1)
  await health.check()
  clock.advance(1)
  assert.equal((await health.check()).healthy, true)
})

test('while a probe hangs no other is started, and every look after its five seconds is answered at once', async () => {
  await using store = await openTestStore()
  const clock = new ManualClock()
  const timer = new ManualTimer()
  const health = healthOf(store, { clock, timer })
  let probes = 0
  store.probe = () => {
    probes++
    return new Promise(() => {})
  }
  const first = health.check()
  timer.pass(5_000)
  await first
  for (let second = 0; second < 10; second++) {
    clock.advance(1)
    assert.equal((await health.check()).healthy, false)
  }
  assert.equal(probes, 1)
  assert.equal(timer.waiting, 0)
})
