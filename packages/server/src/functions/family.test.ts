import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { familyOf, type ProcessEntry, readStat, socketInode } from './family.ts'

function entry(pid: number, of: Partial<ProcessEntry> = {}): ProcessEntry {
  return { pid, parent: 1, group: 1, session: 1, startedAtTick: pid * 10, ...of }
}

const pids = (entries: readonly ProcessEntry[]) => entries.map(({ pid }) => pid).toSorted()

test('a family is group, session, and the descendants of both', () => {
  const all = [
    entry(7, { group: 7, session: 7 }),
    entry(8, { parent: 7, group: 8, session: 7 }),
    entry(9, { parent: 8, group: 9, session: 9 }),
    entry(10, { parent: 9, group: 10, session: 10 }),
    entry(11),
  ]
  assert.deepEqual(pids(familyOf(7, all, new Set())), [10, 7, 8, 9].toSorted())
})

test('who was seen once stays known without parents, and a later process of the same number is another', () => {
  const known = new Set<string>()
  familyOf(7, [entry(7, { group: 7 }), entry(9, { parent: 7, group: 9 })], known)
  assert.deepEqual(pids(familyOf(7, [entry(9, { group: 9 })], known)), [9])
  assert.deepEqual(pids(familyOf(7, [entry(9, { group: 9, startedAtTick: 5 })], known)), [])
})

test('a process may have any name', () => {
  fc.assert(
    fc.property(fc.string(), (name) => {
      const numbers = '7 8 9 0 -1 0 0 0 0 0 0 0 0 0 20 0 1 0 4711 0 0'
      assert.deepEqual(readStat(`42 (${name}) S ${numbers}`), {
        pid: 42,
        parent: 7,
        group: 8,
        session: 9,
        startedAtTick: 4711,
      })
    }),
  )
  assert.equal(readStat('42 (a) Z 7 8 9'), undefined)
  assert.equal(readStat(''), undefined)
})

test('a socket is found by both of its ends', () => {
  const table = `  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode
   0: 0100007F:1F90 0100007F:C350 01 00000000:00000000 00:00000000 00000000  1000        0 111 1
   1: 0100007F:C350 0100007F:1F90 01 00000000:00000000 00:00000000 00000000  1000        0 222 1`
  assert.equal(socketInode(table, { remotePort: 50_000, localPort: 8_080 }), '222')
  assert.equal(socketInode(table, { remotePort: 50_001, localPort: 8_080 }), undefined)
})
