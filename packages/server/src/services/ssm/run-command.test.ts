import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import {
  CancelCommandCommand,
  DeregisterManagedInstanceCommand,
  ListCommandsCommand,
  waitUntilCommandExecuted,
} from '@aws-sdk/client-ssm'
import { TEST_ACCOUNT, TEST_REGION } from '../../testing/server.ts'
import { openCommands, STEP } from './commands.test-support.ts'
import { refusalOf } from './ssm.test-support.ts'

const DAY_SECONDS = 86_400
const UNKNOWN = '00000000-0000-4000-8000-000000000000'

describe('a command', () => {
  test('is a success once every node has succeeded, and counts them', async () => {
    await using scene = await openCommands({}, {})
    const id = await scene.send()
    await scene.node(0).starts(id)
    assert.deepEqual(await scene.standing(id), ['InProgress', 'InProgress', 'Pending'])
    assert.deepEqual(await scene.node(0).due(), [])
    await scene.node(0).runs(id)
    const { CompletedCount, ErrorCount } = await scene.command(id)
    assert.deepEqual([CompletedCount, ErrorCount], [1, 0])
    await scene.node(1).runs(id)
    assert.deepEqual(await scene.standing(id), ['Success', 'Success', 'Success'])
    assert.equal((await scene.command(id)).CompletedCount, 2)
  })

  test('is a failure once a node has failed, for whatever reason counts as an error', async () => {
    await using scene = await openCommands({})
    const [node] = scene.nodes
    for (const [changes, status, details] of [
      [{ status: 'Failed', exitCode: 3 }, 'Failed', 'Failed'],
      [{ status: 'TimedOut', exitCode: -1 }, 'TimedOut', 'ExecutionTimedOut'],
    ] as const) {
      const id = await scene.send()
      await node?.runs(id, changes)
      const command = await scene.command(id)
      assert.deepEqual([command.Status, command.StatusDetails], [status, details])
      assert.deepEqual([command.ErrorCount, command.CompletedCount], [1, 1])
      const invocation = await scene.invocation(id)
      assert.deepEqual([invocation.Status, invocation.StatusDetails], [status, details])
      assert.equal(invocation.ResponseCode, changes.exitCode)
    }
  })

  test('is a failure where the node’s agent was interrupted, or reports success of no step', async () => {
    await using scene = await openCommands({})
    for (const outcome of ['Interrupted', 'Completed'] as const) {
      const commandId = await scene.send()
      await scene.node(0).starts(commandId)
      await scene.node(0).reports({ commandId, outcome, steps: [] })
      assert.deepEqual(await scene.standing(commandId), ['Failed', 'Failed'])
    }
  })

  test('of a node that never begins is DeliveryTimedOut after TimeoutSeconds', async () => {
    await using scene = await openCommands({}, {})
    const id = await scene.send({ TimeoutSeconds: 60 })
    await scene.node(0).runs(id)
    await scene.wait(59)
    assert.deepEqual(await scene.standing(id), ['InProgress', 'Success', 'Pending'])
    await scene.wait(1)
    assert.deepEqual(await scene.standing(id), ['DeliveryTimedOut', 'Success', 'DeliveryTimedOut'])
    const { Status, DeliveryTimedOutCount, ErrorCount } = await scene.command(id)
    assert.deepEqual([Status, DeliveryTimedOutCount, ErrorCount], ['TimedOut', 1, 0])
    assert.deepEqual(await scene.node(1).due(), [])
    // What it says now comes too late.
    await scene.node(1).runs(id)
    assert.deepEqual(await scene.standing(id), ['DeliveryTimedOut', 'Success', 'DeliveryTimedOut'])
  })

  test('of a node that began and is silent is given up when the command expires', async () => {
    await using scene = await openCommands({})
    const Parameters = { commands: ['true'], executionTimeout: ['100'] }
    const id = await scene.send({ TimeoutSeconds: 60, Parameters })
    await scene.node(0).starts(id)
    await scene.wait(159)
    assert.deepEqual(await scene.standing(id), ['InProgress', 'InProgress'])
    await scene.wait(1)
    assert.deepEqual(await scene.standing(id), ['DeliveryTimedOut', 'DeliveryTimedOut'])
  })

  test('shows Delayed for a node that is not connected', async () => {
    await using scene = await openCommands({}, { lastSeenAt: new Date(0) })
    const id = await scene.send()
    assert.deepEqual(await scene.standing(id), ['Pending', 'Pending', 'Delayed'])
    assert.equal((await scene.invocation(id, scene.node(1))).Status, 'Delayed')
  })

  test('gives turns to no more nodes than MaxConcurrency at once', async () => {
    await using scene = await openCommands({}, {}, {}, {})
    const id = await scene.send({ MaxConcurrency: '50%' })
    const turns = async () => Promise.all(scene.nodes.map(async (node) => (await node.due()).length))
    assert.deepEqual(await turns(), [1, 1, 0, 0])
    await scene.node(0).starts(id)
    assert.deepEqual(await turns(), [0, 1, 0, 0])
    await scene.node(0).runs(id)
    assert.deepEqual(await turns(), [0, 1, 1, 0])
  })

  test('gives a node its whole window from its own turn on', async () => {
    await using scene = await openCommands({}, {})
    const id = await scene.send({ MaxConcurrency: '1', TimeoutSeconds: 60 })
    await scene.node(0).starts(id)
    await scene.wait(100)
    await scene.node(0).runs(id)
    const [command] = await scene.node(1).due()
    const by = new Date(scene.server.clock.now().getTime() + 60_000)
    assert.equal(command?.notAfter, by.toISOString())
    await scene.wait(60)
    assert.deepEqual(await scene.standing(id), ['DeliveryTimedOut', 'Success', 'DeliveryTimedOut'])
  })

  test('stops at more errors than MaxErrors: those under way go on, the rest is Terminated', async () => {
    await using scene = await openCommands({}, {}, {}, {})
    const id = await scene.send({ MaxConcurrency: '2', MaxErrors: '0' })
    await scene.node(0).fails(id)
    const stopped = ['InProgress', 'Failed', 'Pending', 'Terminated', 'Terminated']
    assert.deepEqual(await scene.standing(id), stopped)
    assert.deepEqual(await scene.node(2).due(), [])
    await scene.node(1).runs(id)
    assert.deepEqual(await scene.standing(id), ['Failed', 'Failed', 'Success', 'Terminated', 'Terminated'])
  })

  test('with errors, but no more than MaxErrors, goes on and is Incomplete', async () => {
    await using scene = await openCommands({}, {}, {})
    const id = await scene.send({ MaxConcurrency: '1', MaxErrors: '1' })
    await scene.node(0).fails(id)
    await scene.node(1).runs(id)
    await scene.node(2).runs(id)
    assert.deepEqual(await scene.standing(id), ['Incomplete', 'Failed', 'Success', 'Success'])
    assert.equal((await scene.command(id)).Status, 'Failed')
  })

  test('leaves a node that is deregistered, as Undeliverable', async () => {
    await using scene = await openCommands({}, {})
    const id = await scene.send()
    await scene.node(0).runs(id)
    const InstanceId = scene.node(1).id
    await scene.ssm.send(new DeregisterManagedInstanceCommand({ InstanceId }))
    assert.deepEqual(await scene.standing(id), ['Success', 'Success', 'Undeliverable'])
  })

  test('is ended once by a node: a repeated report changes nothing, and another node’s is its own', async () => {
    await using scene = await openCommands({}, {})
    const id = await scene.send({ InstanceIds: [scene.node(0).id] })
    await scene.node(1).runs(id)
    assert.deepEqual(await scene.standing(id), ['Pending', 'Pending'])
    await scene.node(0).runs(id, { stdout: 'first' })
    await scene.node(0).fails(id)
    assert.deepEqual(await scene.standing(id), ['Success', 'Success'])
    assert.equal((await scene.invocation(id)).StandardOutputContent, 'first')
  })

  test('keeps its limits and counts where nodes report all at once', async () => {
    await using scene = await openCommands(...Array.from({ length: 24 }, () => ({})))
    const id = await scene.send({ MaxConcurrency: '5', MaxErrors: '100%' })
    for (let round = 0; (await scene.command(id)).CompletedCount !== 24; round++) {
      assert.ok(round < 24)
      const due = await Promise.all(scene.nodes.map(async (node) => ({ node, ids: await node.dueIds() })))
      const ready = due.filter(({ ids }) => ids.length > 0)
      assert.ok(ready.length > 0 && ready.length <= 5)
      await Promise.all(ready.map(({ node }, i) => (i % 2 === 0 ? node.runs(id) : node.fails(id))))
    }
    const { StatusDetails, ErrorCount = 0 } = await scene.command(id)
    const failed = (await scene.invocations(id)).filter(({ Status }) => Status === 'Failed').length
    assert.deepEqual([StatusDetails, ErrorCount], ['Incomplete', failed])
  })

  test('is seen in its own account alone', async () => {
    await using scene = await openCommands({})
    const CommandId = await scene.send()
    const other = scene.base.as(scene.server.otherAdmin)
    assert.deepEqual((await other.send(new ListCommandsCommand({}))).Commands, [])
    const { name } = await refusalOf(other.send(new CancelCommandCommand({ CommandId })))
    assert.equal(name, 'InvalidCommandId')
    assert.deepEqual(await scene.standing(CommandId), ['Pending', 'Pending'])
  })

  test('is forgotten with all that it printed, thirty days after it expires', async () => {
    await using scene = await openCommands({})
    const id = await scene.send({ TimeoutSeconds: 60 })
    await scene.node(0).runs(id)
    await scene.wait(30 * DAY_SECONDS)
    assert.deepEqual(await scene.standing(id), ['Success', 'Success'])
    await scene.wait(3_660)
    assert.deepEqual((await scene.ssm.send(new ListCommandsCommand({}))).Commands, [])
    const { read } = scene.server.house.store
    const place = { account: TEST_ACCOUNT, region: TEST_REGION }
    assert.deepEqual(await read.commands.outcomes(place, id, scene.node(0).id), [])
    assert.deepEqual(await read.jobs.list(place, 'advance-command'), [])
  })

  test('ends Amazon’s own waiter, with a failure where it is one', async () => {
    await using scene = await openCommands({}, {})
    const id = await scene.send()
    await scene.node(0).runs(id)
    await scene.node(1).fails(id)
    const waited = (number: number) =>
      waitUntilCommandExecuted(
        { client: scene.ssm, minDelay: 1, maxWaitTime: 10 },
        { CommandId: id, InstanceId: scene.node(number).id },
      )
    assert.equal((await waited(0)).state, 'SUCCESS')
    await assert.rejects(waited(1), /FAILURE/)
  })
})

describe('CancelCommand', () => {
  test('ends what waits, and has stopped what runs', async () => {
    await using scene = await openCommands({}, {}, {})
    const commandId = await scene.send({ MaxConcurrency: '2' })
    await scene.node(0).starts(commandId)
    await scene.cancel(commandId)
    const asked = ['Cancelling', 'Cancelling', 'Cancelling', 'Cancelled']
    assert.deepEqual(await scene.standing(commandId), asked)
    assert.deepEqual(await scene.node(0).cancels(), [commandId])
    assert.deepEqual(await scene.node(1).cancels(), [commandId])
    assert.deepEqual(await scene.node(1).due(), [])
    const stopped = scene.node(0).step({ status: 'Cancelled', exitCode: -1 })
    await scene.node(0).reports({ commandId, outcome: 'Cancelled', steps: [stopped] })
    await scene.node(1).reports({ commandId, outcome: 'Cancelled', steps: [] })
    assert.deepEqual(await scene.standing(commandId), ['Cancelled', 'Cancelled', 'Cancelled', 'Cancelled'])
    assert.deepEqual(await scene.node(0).cancels(), [])
  })

  test('waits a minute for the word of a node that was not heard to begin', async () => {
    await using scene = await openCommands({})
    const id = await scene.send()
    await scene.cancel(id)
    await scene.wait(59)
    assert.deepEqual(await scene.standing(id), ['Cancelling', 'Cancelling'])
    await scene.wait(1)
    assert.deepEqual(await scene.standing(id), ['Cancelled', 'Cancelled'])
  })

  test('that comes too late for a node leaves what that came to', async () => {
    await using scene = await openCommands({})
    const id = await scene.send()
    await scene.cancel(id)
    await scene.node(0).runs(id)
    assert.deepEqual(await scene.standing(id), ['Success', 'Success'])
    await scene.cancel(id)
    assert.deepEqual(await scene.standing(id), ['Success', 'Success'])
  })

  test('may be for some nodes alone', async () => {
    await using scene = await openCommands({}, {})
    const id = await scene.send()
    await scene.cancel(id, scene.node(0))
    assert.deepEqual(await scene.standing(id), ['InProgress', 'Cancelling', 'Pending'])
    await scene.wait(60)
    await scene.node(1).runs(id)
    assert.deepEqual(await scene.standing(id), ['Cancelled', 'Cancelled', 'Success'])
  })

  test('is refused for what is no command, and for a node that it was not sent to', async () => {
    await using scene = await openCommands({}, {})
    const CommandId = await scene.send({ InstanceIds: [scene.node(0).id] })
    const code = async (input: { CommandId: string; InstanceIds?: string[] }) =>
      (await refusalOf(scene.ssm.send(new CancelCommandCommand(input)))).name
    assert.equal(await code({ CommandId: UNKNOWN }), 'InvalidCommandId')
    assert.equal(await code({ CommandId: 'x'.repeat(36) }), 'InvalidCommandId')
    const { id } = scene.node(0)
    assert.equal(await code({ CommandId, InstanceIds: [scene.node(1).id] }), 'InvalidInstanceId')
    const twice = [id, id.replace('mi-', 'i-')]
    assert.equal(await code({ CommandId, InstanceIds: twice }), 'DuplicateInstanceId')
    assert.deepEqual(await scene.standing(CommandId), ['Pending', 'Pending'])
  })

  test('needs leave of its own', async () => {
    await using scene = await openCommands({})
    const CommandId = await scene.send()
    const client = scene.base.as(
      await scene.server.user({ Effect: 'Allow', Action: 'ssm:SendCommand', Resource: '*' }),
    )
    const { name } = await refusalOf(client.send(new CancelCommandCommand({ CommandId })))
    assert.equal(name, 'AccessDeniedException')
    assert.equal((await scene.node(0).due()).at(0)?.steps.at(0)?.name, STEP)
  })
})
