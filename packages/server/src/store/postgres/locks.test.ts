import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { setTimeout as delay, setImmediate as nextTurn } from 'node:timers/promises'
import { ManualTimer } from '../../testing/manual-timer.ts'
import { Turns } from './locks.ts'
import { openScene, PLACE, skip } from './stores.test-support.ts'

const LOCK = { ...PLACE, name: 'held' }

test('turns come one after another, in the order in which they were asked for, each lock by itself', async () => {
  const turns = new Turns(new ManualTimer())
  const order: string[] = []
  const act = async (name: string, lock = LOCK) => {
    const leave = await turns.enter(lock)
    order.push(`${name} enters`)
    await nextTurn()
    order.push(`${name} leaves`)
    leave()
  }
  await Promise.all([act('a'), act('b'), act('c')])
  assert.deepEqual(
    order,
    ['a', 'b', 'c'].flatMap((name) => [`${name} enters`, `${name} leaves`]),
  )
  const leave = await turns.enter(LOCK)
  await act('d', { ...LOCK, name: 'other' })
  leave()
})

test('who has waited for too long is refused, and those behind still wait for the one before', async () => {
  const timer = new ManualTimer()
  const turns = new Turns(timer)
  const leave = await turns.enter(LOCK)
  const refused = turns.enter(LOCK)
  timer.pass(10_000)
  await assert.rejects(refused, { reason: 'contended' })
  let entered = false
  const behind = turns.enter(LOCK).then((leave) => {
    entered = true
    leave()
  })
  await nextTurn()
  assert.ok(!entered, 'two have the lock')
  leave()
  await behind
  assert.equal(timer.waiting, 0)
})

describe('a lock', { skip }, () => {
  test('is one for all servers, and whoever waits for it keeps nobody waiting who needs none', async () => {
    await using scene = await openScene()
    const { store: one } = await scene.serve()
    const { store: other } = await scene.serve()
    let inside = 0
    let most = 0
    const work = async () => {
      inside += 1
      most = Math.max(most, inside)
      await delay(10)
      inside -= 1
    }
    await one.write(work, LOCK)
    await scene.ask('begin')
    await scene.ask(`select name from locks where name = 'held' for update`)
    const waiting = Array.from({ length: 30 }, (_, i) => (i % 2 ? one : other).write(work, LOCK))
    await delay(50)
    await Promise.all(Array.from({ length: 20 }, () => one.write(async () => {})))
    await scene.ask('rollback')
    await Promise.all(waiting)
    assert.equal(most, 1)
  })
})
