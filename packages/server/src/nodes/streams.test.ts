import assert from 'node:assert/strict'
import { createPublicKey, verify } from 'node:crypto'
import { describe, test } from 'node:test'
import type { Frame, FrameBody } from '@lockstep/wire'
import { eventually } from '../testing/eventually.ts'
import type { TestOutlet } from './doubles.test-support.ts'
import { commandOf, contentOf, hexOf, PLACE, type TestNode, World } from './nodes.test-support.ts'

const MINUTE = 60_000

async function worldWithNode() {
  const world = await World.open()
  await world.activate()
  return { world, node: await world.node() }
}

function soon(world: World, ms = MINUTE): Date {
  return new Date(world.clock.now().getTime() + ms)
}

/** As Run Command would, at whichever server. */
async function dispatched(world: World, { id }: TestNode, ...commandIds: readonly string[]): Promise<void> {
  const commands = commandIds.map((commandId) => commandOf(commandId, soon(world)))
  world.dispatch.commands.set(id, [...(world.dispatch.commands.get(id) ?? []), ...commands])
  await world.changed('commands')
  await world.look()
}

function commandsIn({ bodies }: TestOutlet): readonly string[] {
  return bodies.flatMap((body) => (body.kind === 'command' ? [body.command.commandId] : []))
}

describe('a stream', () => {
  test('says something at once, signed by the server’s key, for this node', async () => {
    const { world, node } = await worldWithNode()
    await using _ = world
    const [line] = (await world.listen(node)).lines
    const frame = JSON.parse(line ?? '') as Frame
    const asked = await world.ask('/agent/v1/server-key', '', {}, { method: 'GET' })
    const { serverKey } = contentOf(asked) as { readonly serverKey: string }
    const key = createPublicKey({ key: Buffer.from(serverKey, 'base64'), type: 'spki', format: 'der' })
    assert.ok(verify(null, Buffer.from(frame.body), key, Buffer.from(frame.signature, 'base64')))
    assert.partialDeepStrictEqual(JSON.parse(frame.body) as FrameBody, { kind: 'ping', node: node.id })
  })

  test('brings what is dispatched for its node, and for no other', async () => {
    const { world, node } = await worldWithNode()
    await using _ = world
    const other = await world.node(2)
    const [outlet, otherOutlet] = [await world.listen(node), await world.listen(other)]
    await world.look()
    await dispatched(world, node, 'c-1', 'c-2')
    assert.deepEqual(commandsIn(outlet), ['c-1', 'c-2'])
    assert.deepEqual(commandsIn(otherOutlet), [])
    assert.ok(outlet.bodies.every((body) => body.node === node.id))
  })

  test('brings a command once; after a reconnect again, until the node reports it as begun', async () => {
    const { world, node } = await worldWithNode()
    await using _ = world
    const first = await world.listen(node)
    await dispatched(world, node, 'c-1')
    await world.changed('commands')
    await world.look()
    assert.deepEqual(commandsIn(first), ['c-1'])
    first.hangUp()
    const second = await world.listen(node)
    await world.look()
    assert.deepEqual(commandsIn(second), ['c-1'])
    const startedAt = world.clock.now().toISOString()
    await world.report(node, { started: [{ commandId: 'c-1', startedAt }] })
    second.hangUp()
    const third = await world.listen(node)
    await world.look()
    assert.deepEqual(commandsIn(third), [])
  })

  test('never brings a command after its time', async () => {
    const { world, node } = await worldWithNode()
    await using _ = world
    await dispatched(world, node, 'c-1')
    world.clock.advance(61)
    const outlet = await world.listen(node)
    await world.look()
    assert.deepEqual(commandsIn(outlet), [])
  })

  test('brings cancellations once', async () => {
    const { world, node } = await worldWithNode()
    await using _ = world
    const outlet = await world.listen(node)
    world.dispatch.cancelled.set(node.id, ['c-1'])
    for (let i = 0; i < 3; i++) {
      await world.changed('commands')
      await world.look()
    }
    const cancels = outlet.bodies.filter(({ kind }) => kind === 'cancel')
    assert.partialDeepStrictEqual(cancels, [{ kind: 'cancel', commandId: 'c-1', node: node.id }])
    assert.equal(cancels.length, 1)
  })

  test('holds back what a node does not read or begin, and goes on when it does', async () => {
    const { world, node } = await worldWithNode()
    await using _ = world
    const outlet = await world.listen(node)
    await world.look()
    outlet.waitingBytes = 10_000_000
    await dispatched(world, node, 'c-1')
    assert.deepEqual(commandsIn(outlet), [])
    outlet.waitingBytes = 0
    await world.look()
    assert.deepEqual(commandsIn(outlet), ['c-1'])
    const many = Array.from({ length: 40 }, (_, i) => `m-${i}`)
    await dispatched(world, node, ...many)
    assert.equal(commandsIn(outlet).length, 16)
    const startedAt = world.clock.now().toISOString()
    const started = commandsIn(outlet).map((commandId) => ({ commandId, startedAt }))
    await world.report(node, { started })
    await world.look()
    assert.equal(commandsIn(outlet).length, 32)
  })

  test('is pinged between fifteen and twenty seconds after the last word', async () => {
    const { world, node } = await worldWithNode()
    await using _ = world
    const outlet = await world.listen(node)
    const pings = () => outlet.bodies.filter(({ kind }) => kind === 'ping').length
    world.clock.advance(14.9)
    await world.look()
    assert.equal(pings(), 1)
    world.clock.advance(5.1)
    await world.look()
    assert.equal(pings(), 2)
  })

  test('of a node that has one ends the first; from another process it is on the trail, once', async () => {
    const { world, node } = await worldWithNode()
    await using _ = world
    const session = hexOf(16)
    const first = await world.listen(node, { session })
    const second = await world.listen(node, { session })
    assert.deepEqual([first.isEnded, second.isEnded], [true, false])
    assert.equal((await world.events('NodeIdentityUsedTwice')).length, 0)
    for (let i = 0; i < 4; i++) await world.listen(node)
    assert.equal(second.isEnded, true)
    await eventually(async () => {
      assert.equal((await world.events('NodeIdentityUsedTwice')).length, 1)
    })
    await world.flushed()
    const [event, ...others] = await world.events('NodeIdentityUsedTwice')
    assert.equal(others.length, 0)
    assert.partialDeepStrictEqual(event, {
      additionalEventData: { instanceId: node.id, sourceIPAddress: '192.0.2.7' },
    })
  })

  test('of an agent that was started again after the first had ended is nothing to tell', async () => {
    const { world, node } = await worldWithNode()
    await using _ = world
    const first = await world.listen(node)
    first.hangUp()
    await world.listen(node)
    await world.look()
    assert.equal((await world.events('NodeIdentityUsedTwice')).length, 0)
  })

  test('ends when the server does', async () => {
    const { world, node } = await worldWithNode()
    const outlet = await world.listen(node)
    await world[Symbol.asyncDispose]()
    assert.equal(outlet.isEnded, true)
  })
})

describe('a poll', () => {
  test('is answered with what there is, at once', async () => {
    const { world, node } = await worldWithNode()
    await using _ = world
    await dispatched(world, node, 'c-1')
    const outlet = await world.listen(node, { kind: 'poll' })
    await world.look()
    assert.deepEqual(commandsIn(outlet), ['c-1'])
    assert.equal(outlet.isEnded, true)
  })

  test('waits for what comes, twenty seconds at most, and then says that the server is there', async () => {
    const { world, node } = await worldWithNode()
    await using _ = world
    const waiting = await world.listen(node, { kind: 'poll' })
    await world.look()
    assert.equal(waiting.isEnded, false)
    await dispatched(world, node, 'c-1')
    assert.deepEqual([commandsIn(waiting), waiting.isEnded], [['c-1'], true])
    world.dispatch.commands.clear()
    const vain = await world.listen(node, { kind: 'poll' })
    await world.look()
    world.clock.advance(20)
    await world.look()
    assert.deepEqual([vain.bodies.map(({ kind }) => kind), vain.isEnded], [['ping'], true])
  })
})

describe('the desired state', () => {
  const step = { name: 'run', action: 'aws:runShellScript', script: ['true'], environment: {} } as const
  const association = (version: string) => ({
    ...{ associationId: 'a-1', version },
    steps: [{ ...step, timeoutSeconds: 60 }],
  })
  const generations = ({ bodies }: TestOutlet) =>
    bodies.flatMap((body) => (body.kind === 'desired' ? [body.desired.generation] : []))

  test('is told when the node connects and when it changes, and each change has a higher generation', async () => {
    const { world, node } = await worldWithNode()
    await using _ = world
    world.associations.wanted.set(node.id, [association('1')])
    const outlet = await world.listen(node)
    await world.look()
    assert.deepEqual(generations(outlet), [1])
    await world.changed('associations')
    await world.look()
    assert.deepEqual(generations(outlet), [1])
    world.associations.wanted.set(node.id, [association('2')])
    await world.changed('associations')
    await world.look()
    world.associations.wanted.set(node.id, [])
    await world.changed('associations')
    await world.look()
    assert.deepEqual(generations(outlet), [1, 2, 3])
  })

  test('is not told to a node that has it, and is told to one that has an older one', async () => {
    const { world, node } = await worldWithNode()
    await using _ = world
    world.associations.wanted.set(node.id, [association('1')])
    const first = await world.listen(node)
    await world.look()
    first.hangUp()
    const second = await world.listen(node, { desiredGeneration: 1 })
    await world.look()
    assert.deepEqual(generations(second), [])
    const third = await world.listen(node, { desiredGeneration: 0 })
    await world.look()
    assert.deepEqual(generations(third), [1])
  })

  test('of a node for which there never was any is not told', async () => {
    const { world, node } = await worldWithNode()
    await using _ = world
    const outlet = await world.listen(node)
    await world.look()
    assert.deepEqual(generations(outlet), [])
  })
})

describe('what the store knows of a node', () => {
  test('is when it was last heard of, written once a minute', async () => {
    const { world, node } = await worldWithNode()
    await using _ = world
    const at = async () => (await world.store.read.nodes.find(PLACE, node.id))?.lastSeenAt.getTime()
    world.clock.advance(100)
    await world.report(node, {})
    const first = world.clock.now().getTime()
    world.timer.pass(5_000)
    await world.flushed()
    assert.equal(await at(), first)
    world.clock.advance(30)
    await world.report(node, {})
    world.timer.pass(5_000)
    await world.flushed()
    assert.equal(await at(), first)
    world.clock.advance(31)
    await world.report(node, {})
    world.timer.pass(5_000)
    await world.flushed()
    assert.equal(await at(), world.clock.now().getTime())
  })

  test('follows what it tells of itself, but for its host keys and its machine', async () => {
    const { world, node } = await worldWithNode()
    await using _ = world
    const facts = {
      ...node.facts,
      hostname: 'renamed',
      machineId: 'f'.repeat(32),
      hostKeys: ['ssh-ed25519 AAAAother'],
    }
    await world.listen(node, { facts })
    const found = await world.store.read.nodes.find(PLACE, node.id)
    assert.equal(found?.facts.hostname, 'renamed')
    assert.equal(found?.facts.machineId, node.facts.machineId)
    assert.deepEqual(found?.hostKeys, node.facts.hostKeys)
    await eventually(async () => {
      const [event] = await world.events('NodeHostKeysDiffer')
      assert.partialDeepStrictEqual(event, { additionalEventData: { instanceId: node.id } })
    })
  })
})

describe('a report', () => {
  const startedAt = '2026-01-15T10:00:00.000Z'

  test('is acknowledged by each id, and taken for the node that sent it', async () => {
    const { world, node } = await worldWithNode()
    await using _ = world
    const step = {
      name: 'run',
      status: 'Success',
      exitCode: 0,
      stdout: 'x'.repeat(30_000),
      stderr: '\0e',
    } as const
    const steps = [{ ...step, startedAt, endedAt: startedAt }]
    const reply = await world.report(node, {
      started: [{ commandId: 'c-1', startedAt }],
      results: [{ commandId: 'c-2', outcome: 'Completed', steps }],
      associations: [{ associationId: 'a-1', version: '1', steps }],
    })
    assert.deepEqual(contentOf(reply), { acknowledged: ['c-1', 'c-2', 'a-1'] })
    assert.deepEqual(
      world.dispatch.reports.map((each) => each.node),
      [node.id],
    )
    const [taken] = world.dispatch.reports[0]?.report.results[0]?.steps ?? []
    assert.equal(taken?.stdout.length, 24_000)
    assert.equal(taken?.stderr, 'e')
    assert.equal(world.associations.reports.length, 1)
  })

  test('that is not in form is refused', async () => {
    const { world, node } = await worldWithNode()
    await using _ = world
    for (const content of [
      {},
      { started: [{ commandId: '../x', startedAt }], results: [], associations: [] },
      { started: [], results: [{ commandId: 'c-1', outcome: 'Great', steps: [] }], associations: [] },
      { started: [null], results: [], associations: [] },
      { started: 'no', results: [], associations: [] },
    ]) {
      const { body, headers } = world.signed(node, '/agent/v1/report', content)
      assert.equal((await world.ask('/agent/v1/report', body, headers)).status, 400, body)
    }
    assert.equal(world.dispatch.reports.length, 0)
  })
})
