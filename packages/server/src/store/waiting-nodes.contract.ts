import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { AT, command, ELSEWHERE, holding, PLACE, statuses } from './commands.test-support.ts'
import type { Invocation } from './commands.ts'
import type { Store } from './store.ts'

/** What every engine must say of who has something to hear of commands. */
export function waitingNodesContract(open: () => Promise<Store>): void {
  describe('nodes that commands wait for', () => waitingTests(open))
}

function waitingTests(open: () => Promise<Store>): void {
  test('a node is waited for from its turn until it begins, and from a request to leave until it ends', async () => {
    await using store = await holding(open, [[command('a'), 'mi-1', 'mi-2']])
    const both = ['mi-1', 'mi-2']
    const waiting = async () => [...(await store.read.commands.waitingAmong(PLACE, both))].sort()
    const becomes = (invocation: Omit<Invocation, 'instanceId'>) =>
      store.write((tx) => tx.commands.setInvocation(PLACE, { ...invocation, instanceId: 'mi-1' }))
    const begun = { commandId: 'a', dispatchedAt: AT, startedAt: AT }
    assert.deepEqual(await waiting(), [], 'it is nobody’s turn')
    await store.write((tx) => tx.commands.dispatch(PLACE, 'a', { limit: 2, at: AT }))
    assert.deepEqual(await waiting(), both)
    await becomes({ ...begun, status: 'InProgress' })
    assert.deepEqual(await waiting(), ['mi-2'])
    await store.write((tx) => tx.commands.cancel(PLACE, 'a', AT))
    assert.deepEqual(await statuses(store, 'a'), { 'mi-1': 'Cancelling', 'mi-2': 'Recalled' })
    assert.deepEqual(await waiting(), both)
    await becomes({ ...begun, status: 'Cancelled', endedAt: AT })
    assert.deepEqual(await waiting(), ['mi-2'])
  })

  test('a node that several commands wait for is named once, and none that was not asked about', async () => {
    await using store = await holding(open, [
      [command('a'), 'mi-1', 'mi-2', 'mi-3'],
      [command('b'), 'mi-1', 'mi-2'],
    ])
    for (const id of ['a', 'b'])
      await store.write((tx) => tx.commands.dispatch(PLACE, id, { limit: 3, at: AT }))
    const { commands } = store.read
    assert.deepEqual([...(await commands.waitingAmong(PLACE, ['mi-2', 'mi-9', 'mi-1']))].sort(), [
      'mi-1',
      'mi-2',
    ])
    assert.deepEqual(await commands.waitingAmong(PLACE, ['mi-9']), [])
    assert.deepEqual(await commands.waitingAmong(PLACE, []), [])
  })

  test('a node that commands wait for is waited for in its own account and region only', async () => {
    await using store = await holding(open, [[command('a'), 'mi-1']])
    await store.write((tx) => tx.commands.dispatch(PLACE, 'a', { limit: 1, at: AT }))
    assert.deepEqual(await store.read.commands.waitingAmong(PLACE, ['mi-1']), ['mi-1'])
    for (const place of ELSEWHERE)
      assert.deepEqual(await store.read.commands.waitingAmong(place, ['mi-1']), [])
  })
}
