import assert from 'node:assert/strict'
import { test } from 'node:test'
import { TestDoors } from './doors.test-support.ts'
import { SignOfLife } from './sign-of-life.ts'

/** After which a server takes a node for lost. */
const LOST_MS = 5 * 60_000

test('a node that has nothing to say speaks twice at least before it would count as lost, whether it was heard or not', () => {
  const doors = new TestDoors()
  const saidAtMs: number[] = []
  using _ = new SignOfLife(async () => {
    saidAtMs.push(doors.now().getTime())
    throw new Error('the server is not there')
  }, doors)
  const startedAtMs = doors.now().getTime()
  while (doors.now().getTime() < startedAtMs + 4 * LOST_MS) doors.advance(1_000)
  for (const [n, atMs] of saidAtMs.entries())
    assert.ok(atMs - (saidAtMs[n - 2] ?? startedAtMs) < LOST_MS, `${saidAtMs}`)
  assert.ok(saidAtMs.length >= 8, `${saidAtMs.length} signs in twenty minutes`)
})

test('one that has ended says nothing any more', () => {
  const doors = new TestDoors()
  const sign = new SignOfLife(() => Promise.reject(new Error('it was told')), doors)
  doors.advance(LOST_MS)
  sign[Symbol.dispose]()
  assert.equal(doors.waiting, 0)
})
