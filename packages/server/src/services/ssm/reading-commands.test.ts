import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import {
  type CommandFilter,
  GetCommandInvocationCommand,
  ListCommandInvocationsCommand,
  type ListCommandInvocationsCommandInput,
  ListCommandsCommand,
  type ListCommandsCommandInput,
} from '@aws-sdk/client-ssm'
import { TEST_ACCOUNT, TEST_REGION } from '../../testing/server.ts'
import { type CommandScene, openCommands, STEP } from './commands.test-support.ts'
import { MAX_OUTPUT_LENGTH, merged } from './plugin-view.ts'
import { refusalOf } from './ssm.test-support.ts'

const UNKNOWN = '00000000-0000-4000-8000-000000000000'
const TWO_STEPS = {
  schemaVersion: '2.2',
  parameters: {
    name: { type: 'String', interpolationType: 'ENV_VAR' },
    word: { type: 'String', default: 'hello' },
  },
  mainSteps: ['first', 'second'].map((name) => ({
    action: 'aws:runShellScript',
    name,
    inputs: { runCommand: [`echo {{ word }} "$SSM_name" ${name}`], timeoutSeconds: '100' },
  })),
}

/** A document of the account's own with the steps `first` and `second`. */
async function putTwoSteps({ server }: CommandScene): Promise<void> {
  const createdAt = server.clock.now()
  const place = { account: TEST_ACCOUNT, region: TEST_REGION }
  const document = { ...place, name: 'Two', defaultVersion: 1, latestVersion: 1, tags: {}, createdAt }
  const written = { format: 'JSON', content: JSON.stringify(TWO_STEPS), schemaVersion: '2.2' } as const
  const version = { number: 1, ...written, platformTypes: ['Linux'], createdAt } as const
  await server.house.store.write((tx) => tx.documents.insert(document, version))
}

function list(scene: CommandScene, input: ListCommandsCommandInput = {}) {
  return scene.ssm.send(new ListCommandsCommand(input))
}

function listInvocations(scene: CommandScene, input: ListCommandInvocationsCommandInput = {}) {
  return scene.ssm.send(new ListCommandInvocationsCommand(input))
}

describe('ListCommands', () => {
  test('shows the latest first, in pages, whose tokens are worth nothing elsewhere', async () => {
    await using scene = await openCommands({})
    const ids: string[] = []
    for (let i = 0; i < 3; i++) {
      ids.unshift(await scene.send())
      scene.server.clock.advance(1)
    }
    const first = await list(scene, { MaxResults: 2 })
    const second = await list(scene, { MaxResults: 2, NextToken: first.NextToken })
    const pages = [first, second].map(({ Commands = [] }) => Commands.map(({ CommandId }) => CommandId))
    assert.deepEqual(pages, [ids.slice(0, 2), ids.slice(2)])
    assert.equal(second.NextToken, undefined)
    for (const call of [
      list(scene, { MaxResults: 2, InstanceId: scene.node(0).id, NextToken: first.NextToken }),
      listInvocations(scene, { NextToken: first.NextToken }),
    ]) {
      assert.equal((await refusalOf(call)).name, 'InvalidNextToken')
    }
  })

  test('shows what parameters a command had', async () => {
    await using scene = await openCommands({})
    const id = await scene.send({ Parameters: { commands: ['echo a', 'echo b'] } })
    assert.deepEqual((await scene.command(id)).Parameters, { commands: ['echo a', 'echo b'] })
  })

  test('shows what is asked for: by node, time, status, stage and document', async () => {
    await using scene = await openCommands({}, {})
    const done = await scene.send({ InstanceIds: [scene.node(0).id] })
    await scene.node(0).runs(done)
    scene.server.clock.advance(10)
    const between = scene.server.clock.now().toISOString()
    scene.server.clock.advance(10)
    const open = await scene.send({ InstanceIds: [scene.node(1).id] })
    const names = new Map([
      [done, 'done'],
      [open, 'open'],
    ])
    const shown = async (input: ListCommandsCommandInput) =>
      (await list(scene, input)).Commands?.map(({ CommandId = '' }) => names.get(CommandId)).join(' ')
    const by = (key: CommandFilter['key'], value: string) => shown({ Filters: [{ key, value }] })
    assert.equal(await shown({}), 'open done')
    assert.equal(await shown({ CommandId: done }), 'done')
    assert.equal(await shown({ CommandId: UNKNOWN }), '')
    assert.equal(await shown({ InstanceId: scene.node(1).id.replace('mi-', 'i-') }), 'open')
    assert.equal(await by('InvokedAfter', between), 'open')
    assert.equal(await by('InvokedBefore', between), 'done')
    assert.equal(await by('Status', 'Success'), 'done')
    assert.equal(await by('Status', 'Pending'), 'open')
    assert.equal(await by('Status', 'TimedOut'), '')
    assert.equal(await by('ExecutionStage', 'Executing'), 'open')
    assert.equal(await by('ExecutionStage', 'Complete'), 'done')
    assert.equal(await by('DocumentName', 'AWS-RunShellScript'), 'open done')
    assert.equal(await by('DocumentName', 'Other'), '')
    const both = [
      { key: 'Status', value: 'Success' },
      { key: 'ExecutionStage', value: 'Executing' },
    ] as const
    assert.equal(await shown({ Filters: [...both] }), '')
  })

  test('is refused for filters that mean nothing, and for what is no command id', async () => {
    await using scene = await openCommands({})
    const code = async (...Filters: CommandFilter[]) => (await refusalOf(list(scene, { Filters }))).name
    assert.equal(await code({ key: 'InvokedAfter', value: 'yesterday' }), 'InvalidFilterValue')
    assert.equal(await code({ key: 'InvokedAfter', value: '2026-02-31T99:00:00Z' }), 'InvalidFilterValue')
    assert.equal(await code({ key: 'Status', value: 'Fine' }), 'InvalidFilterValue')
    assert.equal(await code({ key: 'ExecutionStage', value: 'Half' }), 'InvalidFilterValue')
    const twice = { key: 'Status', value: 'Failed' } as const
    assert.equal(await code(twice, { ...twice, value: 'Success' }), 'InvalidFilterKey')
    const { name } = await refusalOf(list(scene, { CommandId: 'x'.repeat(36) }))
    assert.equal(name, 'InvalidCommandId')
  })

  test('and the other readers need leave of their own', async () => {
    await using scene = await openCommands({})
    const CommandId = await scene.send()
    const client = scene.base.as(await scene.server.user())
    const InstanceId = scene.node(0).id
    const refusals = await Promise.all([
      refusalOf(client.send(new ListCommandsCommand({}))),
      refusalOf(client.send(new ListCommandInvocationsCommand({}))),
      refusalOf(client.send(new GetCommandInvocationCommand({ CommandId, InstanceId }))),
    ])
    assert.deepEqual(
      refusals.map(({ name }) => name),
      Array(3).fill('AccessDeniedException'),
    )
  })
})

describe('ListCommandInvocations', () => {
  test('shows one for each node, and with details what its step printed', async () => {
    await using scene = await openCommands({ name: 'one' }, {})
    const CommandId = await scene.send({ Comment: 'note' })
    const at = scene.server.clock.now()
    await scene.node(0).runs(CommandId, { stdout: 'out', stderr: 'err' })
    const [first, second] =
      (await listInvocations(scene, { CommandId, Details: true })).CommandInvocations ?? []
    assert.deepEqual(first, {
      ...{ CommandId, InstanceId: scene.node(0).id, InstanceName: 'one', Comment: 'note' },
      ...{ DocumentName: 'AWS-RunShellScript', DocumentVersion: '$DEFAULT', RequestedDateTime: at },
      ...{ Status: 'Success', StatusDetails: 'Success', TraceOutput: '', ServiceRole: '' },
      ...{ StandardOutputUrl: '', StandardErrorUrl: '' },
      CommandPlugins: [
        {
          ...{ Name: STEP, Status: 'Success', StatusDetails: 'Success', ResponseCode: 0 },
          ...{ ResponseStartDateTime: at, ResponseFinishDateTime: at },
          Output: 'out\n----------ERROR-------\nerr',
          ...{ StandardOutputUrl: '', StandardErrorUrl: '', OutputS3BucketName: '', OutputS3KeyPrefix: '' },
        },
      ],
      NotificationConfig: { NotificationArn: '', NotificationEvents: [] },
      CloudWatchOutputConfig: { CloudWatchLogGroupName: '', CloudWatchOutputEnabled: false },
    })
    assert.equal(second?.InstanceName, 'host-2')
    assert.deepEqual(second?.CommandPlugins, [])
    const [plain] = await scene.invocations(CommandId)
    assert.deepEqual(plain?.CommandPlugins, [])
  })

  test('shows what is asked for, and tells Delayed from Pending', async () => {
    await using scene = await openCommands({}, {}, { lastSeenAt: new Date(0) })
    const id = await scene.send()
    await scene.node(0).runs(id)
    const shown = async (input: ListCommandInvocationsCommandInput) =>
      (await listInvocations(scene, input)).CommandInvocations?.map(({ InstanceId = '' }) =>
        InstanceId.at(-1),
      ).join('')
    const by = (key: CommandFilter['key'], value: string) => shown({ Filters: [{ key, value }] })
    assert.equal(await shown({}), '123')
    assert.equal(await shown({ InstanceId: scene.node(1).id }), '2')
    assert.equal(await by('Status', 'Success'), '1')
    assert.equal(await by('Status', 'Pending'), '2')
    assert.equal(await by('Status', 'Delayed'), '3')
    assert.equal(await by('ExecutionStage', 'Complete'), '1')
    assert.equal(await by('ExecutionStage', 'Executing'), '23')
    const first = await listInvocations(scene, { MaxResults: 2 })
    assert.equal(first.CommandInvocations?.length, 2)
    assert.equal(await shown({ MaxResults: 2, NextToken: first.NextToken }), '3')
  })
})

describe('GetCommandInvocation', () => {
  test('tells of a node that has not begun, and then what its step printed, in full', async () => {
    await using scene = await openCommands({})
    const id = await scene.send({ Comment: 'note' })
    const before = await scene.invocation(id)
    assert.deepEqual([before.Status, before.ResponseCode, before.StandardOutputContent], ['Pending', -1, ''])
    assert.equal(before.ExecutionStartDateTime, '')
    const startedAt = '2026-01-01T00:00:00.250Z'
    const endedAt = '2026-01-01T00:00:01.500Z'
    const printed = { stdout: 'o'.repeat(30_000), stderr: 'e'.repeat(9_000) }
    await scene.node(0).runs(id, { ...printed, startedAt, endedAt })
    const { $metadata: _, ...after } = await scene.ssm.send(
      new GetCommandInvocationCommand({ CommandId: id, InstanceId: scene.node(0).id, PluginName: STEP }),
    )
    assert.deepEqual(after, {
      ...{ CommandId: id, InstanceId: scene.node(0).id, Comment: 'note', PluginName: STEP },
      ...{ DocumentName: 'AWS-RunShellScript', DocumentVersion: '$DEFAULT', ResponseCode: 0 },
      ...{
        ExecutionStartDateTime: startedAt,
        ExecutionEndDateTime: endedAt,
        ExecutionElapsedTime: 'PT1.25S',
      },
      ...{ Status: 'Success', StatusDetails: 'Success' },
      ...{ StandardOutputContent: 'o'.repeat(24_000), StandardErrorContent: 'e'.repeat(8_000) },
      ...{ StandardOutputUrl: '', StandardErrorUrl: '' },
      CloudWatchOutputConfig: { CloudWatchLogGroupName: '', CloudWatchOutputEnabled: false },
    })
  })

  test('takes either id of the node, and is refused for what there is not', async () => {
    await using scene = await openCommands({}, {})
    const CommandId = await scene.send({ InstanceIds: [scene.node(0).id] })
    const code = async (input: { CommandId?: string; InstanceId?: string; PluginName?: string }) => {
      const { id } = scene.node(0)
      const asked = { CommandId, InstanceId: id, ...input }
      return (await refusalOf(scene.ssm.send(new GetCommandInvocationCommand(asked)))).name
    }
    const { InstanceId } = await scene.ssm.send(
      new GetCommandInvocationCommand({ CommandId, InstanceId: scene.node(0).id.replace('mi-', 'i-') }),
    )
    assert.equal(InstanceId, scene.node(0).id)
    assert.equal(await code({ CommandId: UNKNOWN }), 'InvocationDoesNotExist')
    assert.equal(await code({ InstanceId: scene.node(1).id }), 'InvocationDoesNotExist')
    assert.equal(await code({ InstanceId: 'i-12345678' }), 'InvocationDoesNotExist')
    assert.equal(await code({ CommandId: 'x'.repeat(36) }), 'InvalidCommandId')
    assert.equal(await code({ PluginName: 'other' }), 'InvalidPluginName')
  })

  test('tells of each step of a document with several, and of the whole without a name', async () => {
    await using scene = await openCommands({})
    await putTwoSteps(scene)
    const Parameters = { name: ['$(id)'] }
    const commandId = await scene.send({ DocumentName: 'Two', Parameters })
    const [command] = await scene.node(0).due()
    assert.deepEqual(
      command?.steps.map(({ name, script }) => [name, ...script]),
      [
        ['first', 'echo hello "$SSM_name" first'],
        ['second', 'echo hello "$SSM_name" second'],
      ],
    )
    assert.deepEqual(command?.steps[0]?.environment, { SSM_name: '$(id)' })
    await scene.node(0).starts(commandId)
    const first = scene.node(0).step({ name: 'first', stdout: 'one' })
    const second = scene.node(0).step({ name: 'second', status: 'Failed', exitCode: 4, stderr: 'two' })
    // Out of order, with one that the document does not have.
    const steps = [second, first, { ...first, name: '../third' }]
    await scene.node(0).reports({ commandId, outcome: 'Completed', steps })
    const of = async (PluginName?: string) => {
      const asked = { CommandId: commandId, InstanceId: scene.node(0).id, PluginName }
      const found = await scene.ssm.send(new GetCommandInvocationCommand(asked))
      const { Status, ResponseCode, StandardOutputContent: out, StandardErrorContent: error } = found
      return [Status, ResponseCode, out, error]
    }
    assert.deepEqual(await of('first'), ['Success', 0, 'one', ''])
    assert.deepEqual(await of('second'), ['Failed', 4, '', 'two'])
    assert.deepEqual(await of(), ['Failed', 4, '', ''])
    const listed = await listInvocations(scene, { CommandId: commandId, Details: true })
    const names = listed.CommandInvocations?.[0]?.CommandPlugins?.map(({ Name }) => Name)
    assert.deepEqual(names, ['first', 'second'])
  })
})

describe('both streams in one text', () => {
  test('are whole where they fit', () => {
    assert.equal(merged({ stdout: 'o', stderr: '' }), 'o')
    assert.equal(merged({ stdout: '', stderr: 'e' }), '\n----------ERROR-------\ne')
    const full = 'o'.repeat(MAX_OUTPUT_LENGTH)
    assert.equal(merged({ stdout: full, stderr: '' }), full)
  })

  test('say that they were cut where they do not, and are as long as allowed', () => {
    const long = 'x'.repeat(5_000)
    for (const printed of [
      { stdout: long, stderr: '' },
      { stdout: long, stderr: 'e' },
      { stdout: 'o', stderr: long },
      { stdout: long, stderr: long },
    ]) {
      const text = merged(printed)
      assert.equal(text.length, MAX_OUTPUT_LENGTH)
      assert.equal(text.includes('---Output truncated---'), printed.stdout === long)
      assert.equal(text.includes('---Error truncated----'), printed.stderr === long)
    }
  })
})
