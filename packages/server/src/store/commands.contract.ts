import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { AT, CONTENT, command, ELSEWHERE, holding, PLACE, statuses } from './commands.test-support.ts'
import type { Command, StepOutcome } from './commands.ts'
import type { Store } from './store.ts'

const LIMIT = 10

function full(id: string): Command {
  return command(id, {
    comment: 'für alle',
    instanceIds: ['i-1'],
    targets: [{ key: 'tag:A', values: ['1', '2'] }],
    cancelRequestedAt: new Date(3_000),
  })
}

function outcome(changes: Partial<StepOutcome> = {}): StepOutcome {
  const printed = Uint8Array.of(9, 8)
  const times = { startedAt: new Date(5_100), endedAt: new Date(5_200) }
  return { name: 'one', status: 'Success', exitCode: 0, ...times, output: printed, ...changes }
}

/** What every engine must do with Run Command's commands. */
export function commandsContract(open: () => Promise<Store>): void {
  describe('commands', () => {
    findingTests(open)
    listingTests(open)
    movingTests(open)
  })
}

function findingTests(open: () => Promise<Store>): void {
  test('a command comes back as it went in, with and without what may be absent', async () => {
    await using store = await holding(open, [[command('a')], [full('b')]])
    assert.deepEqual(await store.read.commands.find(PLACE, 'a'), command('a'))
    assert.deepEqual(await store.read.commands.find(PLACE, 'b'), full('b'))
    assert.equal(await store.read.commands.find(PLACE, 'c'), undefined)
    const content = await store.read.commands.content(PLACE, 'a')
    assert.deepEqual(content && Uint8Array.from(content.parameters), CONTENT.parameters)
    assert.deepEqual(content && Uint8Array.from(content.steps), CONTENT.steps)
  })

  test('a command is seen in its own account and region only', async () => {
    await using store = await holding(open, [[command('a'), 'mi-1']])
    await store.write((tx) => tx.commands.dispatch(PLACE, 'a', { limit: 1, at: AT }))
    for (const place of ELSEWHERE) {
      assert.equal(await store.read.commands.find(place, 'a'), undefined)
      assert.equal(await store.read.commands.content(place, 'a'), undefined)
      assert.equal(await store.read.commands.invocation(place, 'a', 'mi-1'), undefined)
      assert.deepEqual(await store.read.commands.list(place, { limit: LIMIT }), [])
      assert.deepEqual(await store.read.commands.invocations(place, { limit: LIMIT }), [])
      assert.deepEqual(await store.read.commands.openOf(place, 'mi-1'), [])
      assert.deepEqual(await store.read.commands.tally(place, 'a'), {})
    }
  })

  test('an update writes status, counts, request to cancel and timer, of that command alone', async () => {
    await using store = await holding(open, [[command('a')], [command('b')]])
    const changed = command('a', {
      status: 'Incomplete',
      counts: { target: 2, completed: 2, error: 1, deliveryTimedOut: 1 },
      cancelRequestedAt: AT,
      timerAt: new Date(7_000),
    })
    await store.write((tx) => tx.commands.update(changed))
    assert.deepEqual(await store.read.commands.find(PLACE, 'a'), changed)
    assert.deepEqual(await store.read.commands.find(PLACE, 'b'), command('b'))
  })
}

function listingTests(open: () => Promise<Store>): void {
  const sent = [
    [command('a', { requestedAt: new Date(1_000) }), 'mi-1', 'mi-2'],
    [command('b', { requestedAt: new Date(3_000), status: 'Success' }), 'mi-2'],
    [command('c', { requestedAt: new Date(3_000), documentName: 'Other' }), 'mi-1'],
  ] as const

  test('commands are listed from the latest on, in pages, and by whatever is asked for', async () => {
    await using store = await holding(open, sent)
    const ids = async (query: Omit<Parameters<typeof store.read.commands.list>[1], 'limit'>, limit = LIMIT) =>
      (await store.read.commands.list(PLACE, { ...query, limit })).map(({ id }) => id).join('')
    assert.equal(await ids({}), 'bca')
    assert.equal(await ids({}, 2), 'bc')
    assert.equal(await ids({ after: { requestedAt: new Date(3_000), id: 'b' } }), 'ca')
    assert.equal(await ids({ commandId: 'a' }), 'a')
    assert.equal(await ids({ instanceId: 'mi-2' }), 'ba')
    assert.equal(await ids({ statuses: ['Success', 'Failed'] }), 'b')
    assert.equal(await ids({ statuses: [] }), '')
    assert.equal(await ids({ documentName: 'Other' }), 'c')
    assert.equal(await ids({ invokedAfter: new Date(1_000) }), 'bc')
    assert.equal(await ids({ invokedBefore: new Date(3_000) }), 'a')
  })

  test('invocations are listed from the latest on, in pages, and by whatever is asked for', async () => {
    await using store = await holding(open, sent)
    await store.write((tx) => tx.commands.dispatch(PLACE, 'a', { limit: 1, at: AT }))
    const found = async (
      query: Omit<Parameters<typeof store.read.commands.invocations>[1], 'limit'>,
      limit = LIMIT,
    ) =>
      (await store.read.commands.invocations(PLACE, { ...query, limit }))
        .map(({ commandId, instanceId }) => commandId + instanceId.at(-1))
        .join(' ')
    assert.equal(await found({}), 'b2 c1 a1 a2')
    assert.equal(await found({}, 2), 'b2 c1')
    const after = { requestedAt: new Date(1_000), commandId: 'a', instanceId: 'mi-1' }
    assert.equal(await found({ after }), 'a2')
    assert.equal(await found({ commandId: 'a' }), 'a1 a2')
    assert.equal(await found({ instanceId: 'mi-1' }), 'c1 a1')
    assert.equal(await found({ statuses: ['Pending'] }), 'a1')
    assert.equal(await found({ statuses: [] }), '')
    assert.equal(await found({ documentName: 'Other' }), 'c1')
    assert.equal(await found({ invokedAfter: new Date(1_000) }), 'b2 c1')
    assert.equal(await found({ invokedBefore: new Date(3_000) }), 'a1 a2')
    const [first] = await store.read.commands.invocations(PLACE, { commandId: 'a', limit: 1 })
    assert.deepEqual(first, {
      commandId: 'a',
      instanceId: 'mi-1',
      status: 'Pending',
      dispatchedAt: AT,
      documentName: 'AWS-RunShellScript',
      documentVersion: '1',
      comment: '',
      requestedAt: new Date(1_000),
      expiresAt: new Date(9_000),
      timeoutSeconds: 600,
    })
  })
}

function movingTests(open: () => Promise<Store>): void {
  test('no more get their turn than the limit says, and each one once', async () => {
    await using store = await holding(open, [
      [command('a'), 'mi-1', 'mi-2', 'mi-3'],
      [command('b'), 'mi-1'],
    ])
    const before = store.revision('commands')
    await store.write((tx) => tx.commands.dispatch(PLACE, 'a', { limit: 2, at: AT }))
    assert.ok(store.revision('commands') > before)
    assert.deepEqual(await statuses(store, 'a'), { 'mi-1': 'Pending', 'mi-2': 'Pending', 'mi-3': 'Waiting' })
    assert.deepEqual(await statuses(store, 'b'), { 'mi-1': 'Waiting' })
    await store.write((tx) => tx.commands.dispatch(PLACE, 'a', { limit: 2, at: new Date(6_000) }))
    assert.deepEqual(await store.read.commands.tally(PLACE, 'a'), { Pending: 3 })
    const first = await store.read.commands.invocation(PLACE, 'a', 'mi-1')
    assert.deepEqual(first?.dispatchedAt, AT)
    assert.deepEqual(await store.read.commands.pendingSince(PLACE, 'a'), AT)
    assert.equal(await store.read.commands.pendingSince(PLACE, 'b'), undefined)
  })

  test('an end that is for some whose turn came early leaves the others, and later ones', async () => {
    await using store = await holding(open, [[command('a'), 'mi-1', 'mi-2', 'mi-3']])
    await store.write(async ({ commands }) => {
      await commands.dispatch(PLACE, 'a', { limit: 2, at: AT })
      await commands.dispatch(PLACE, 'a', { limit: 1, at: new Date(5_001) })
      const begun = { commandId: 'a', instanceId: 'mi-2', dispatchedAt: AT, startedAt: AT }
      await commands.setInvocation(PLACE, { ...begun, status: 'InProgress' })
      const at = new Date(8_000)
      await commands.end(PLACE, 'a', { from: ['Pending'], as: 'DeliveryTimedOut', at, dispatchedBy: AT })
    })
    const expected = { 'mi-1': 'DeliveryTimedOut', 'mi-2': 'InProgress', 'mi-3': 'Pending' }
    assert.deepEqual(await statuses(store, 'a'), expected)
    const ended = await store.read.commands.invocation(PLACE, 'a', 'mi-1')
    assert.deepEqual(ended?.endedAt, new Date(8_000))
  })

  test('cancelling ends those that wait and asks the others to end; it may be for some nodes alone', async () => {
    await using store = await holding(open, [
      [command('a'), 'mi-1', 'mi-2', 'mi-3'],
      [command('b'), 'mi-1'],
    ])
    await store.write((tx) => tx.commands.dispatch(PLACE, 'a', { limit: 2, at: AT }))
    const begun = { commandId: 'a', instanceId: 'mi-1', dispatchedAt: AT, startedAt: AT }
    await store.write((tx) => tx.commands.setInvocation(PLACE, { ...begun, status: 'InProgress' }))
    await store.write((tx) => tx.commands.cancel(PLACE, 'a', AT, ['mi-2', 'mi-3']))
    const some = { 'mi-1': 'InProgress', 'mi-2': 'Recalled', 'mi-3': 'Cancelled' }
    assert.deepEqual(await statuses(store, 'a'), some)
    const before = store.revision('commands')
    await store.write((tx) => tx.commands.cancel(PLACE, 'a', AT))
    assert.ok(store.revision('commands') > before)
    assert.deepEqual(await statuses(store, 'a'), { ...some, 'mi-1': 'Cancelling' })
    assert.deepEqual(await statuses(store, 'b'), { 'mi-1': 'Waiting' })
  })

  test('what a node has open is its own, of every command, until it ends', async () => {
    await using store = await holding(open, [
      [command('a'), 'mi-1', 'mi-2'],
      [command('b'), 'mi-1'],
    ])
    const openOf = async (node: string) =>
      (await store.read.commands.openOf(PLACE, node)).map(({ commandId }) => commandId).join('')
    assert.equal(await openOf('mi-1'), 'ab')
    assert.equal(await openOf('mi-2'), 'a')
    await store.write((tx) =>
      tx.commands.setInvocation(PLACE, {
        ...{ commandId: 'a', instanceId: 'mi-1', status: 'Success', endedAt: AT },
      }),
    )
    assert.equal(await openOf('mi-1'), 'b')
  })

  test('what the steps came to is kept in order, and goes with the command', async () => {
    await using store = await holding(open, [
      [command('a'), 'mi-1', 'mi-2'],
      [command('b'), 'mi-1'],
    ])
    const second = outcome({ name: 'two', status: 'Failed', exitCode: 3 })
    await store.write((tx) =>
      tx.commands.setInvocation(
        PLACE,
        {
          commandId: 'a',
          instanceId: 'mi-1',
          status: 'Failed',
          dispatchedAt: AT,
          startedAt: AT,
          endedAt: AT,
        },
        [outcome(), second],
      ),
    )
    const found = await store.read.commands.outcomes(PLACE, 'a', 'mi-1')
    assert.deepEqual(
      found.map((each) => ({ ...each, output: Uint8Array.from(each.output) })),
      [outcome(), second],
    )
    assert.deepEqual(await store.read.commands.outcomes(PLACE, 'a', 'mi-2'), [])
    await store.write((tx) => tx.commands.remove(PLACE, 'a'))
    assert.equal(await store.read.commands.find(PLACE, 'a'), undefined)
    assert.equal(await store.read.commands.content(PLACE, 'a'), undefined)
    assert.deepEqual(await statuses(store, 'a'), {})
    assert.deepEqual(await store.read.commands.outcomes(PLACE, 'a', 'mi-1'), [])
    assert.deepEqual(await statuses(store, 'b'), { 'mi-1': 'Waiting' })
  })

  test('one of many that fails to be sent leaves no part of the command', async () => {
    await using store = await open()
    const twice = [0, 1].map(() => ({ instanceId: 'mi-1', status: 'Waiting' as const }))
    await assert.rejects(store.write((tx) => tx.commands.insert(command('a'), CONTENT, twice)))
    assert.equal(await store.read.commands.find(PLACE, 'a'), undefined)
  })
}
