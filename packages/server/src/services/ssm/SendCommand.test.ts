import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { describe, test } from 'node:test'
import { SendCommandCommand, type SendCommandCommandInput } from '@aws-sdk/client-ssm'
import { BUILT_IN_DOCUMENTS } from '../../fleet/built-in-documents.ts'
import { TEST_ACCOUNT, TEST_REGION } from '../../testing/server.ts'
import { type CommandScene, openCommands, STEP, shellCommand } from './commands.test-support.ts'
import { instanceArn, managedArn, refusalOf } from './ssm.test-support.ts'

const DOCUMENT = `arn:aws:ssm:${TEST_REGION}::document/AWS-RunShellScript`
const SEND = { Effect: 'Allow', Action: 'ssm:SendCommand' }
const WEB = { tags: { Role: 'web' } }
const DB = { tags: { Role: 'db', Tier: 'one' } }

function refused(scene: CommandScene, changes: Partial<SendCommandCommandInput>) {
  return refusalOf(scene.ssm.send(new SendCommandCommand(shellCommand(scene.nodes, changes))))
}

describe('SendCommand', () => {
  test('answers with the command as it begins, and hands its steps to each node', async () => {
    await using scene = await openCommands({}, {})
    const input = {
      Comment: 'add_key',
      Parameters: { commands: ['echo "$HOME"', 'id'], workingDirectory: ['/tmp'], executionTimeout: ['60'] },
      TimeoutSeconds: 600,
    }
    const { Command } = await scene.ssm.send(new SendCommandCommand(shellCommand(scene.nodes, input)))
    const now = scene.server.clock.now()
    assert.match(Command?.CommandId ?? '', /^[0-9a-f-]{36}$/)
    assert.deepEqual(Command, {
      ...{ CommandId: Command?.CommandId, DocumentName: 'AWS-RunShellScript', DocumentVersion: '$DEFAULT' },
      ...{ Comment: 'add_key', Parameters: input.Parameters, TimeoutSeconds: 600 },
      ExpiresAfter: new Date(now.getTime() + 660_000),
      InstanceIds: scene.nodes.map(({ id }) => id),
      Targets: [],
      RequestedDateTime: now,
      ...{ Status: 'Pending', StatusDetails: 'Pending', MaxConcurrency: '50', MaxErrors: '0' },
      ...{ OutputS3BucketName: '', OutputS3KeyPrefix: '', ServiceRole: '' },
      ...{ TargetCount: 2, CompletedCount: 0, ErrorCount: 0, DeliveryTimedOutCount: 0 },
      NotificationConfig: { NotificationArn: '', NotificationEvents: [] },
      CloudWatchOutputConfig: { CloudWatchLogGroupName: '', CloudWatchOutputEnabled: false },
    })
    const handed = {
      commandId: Command?.CommandId,
      notAfter: new Date(now.getTime() + 600_000).toISOString(),
      steps: [
        {
          ...{ name: STEP, action: STEP, script: ['echo "$HOME"', 'id'], environment: {} },
          ...{ workingDirectory: '/tmp', timeoutSeconds: 60 },
        },
      ],
    }
    for (const node of scene.nodes) assert.deepEqual(await node.due(), [handed])
  })

  test('takes a node by either of its ids, and once', async () => {
    await using scene = await openCommands({})
    const [id = ''] = scene.nodes.map((node) => node.id)
    const ec2Id = id.replace('mi-', 'i-')
    const commandId = await scene.send({ InstanceIds: [ec2Id] })
    assert.deepEqual((await scene.command(commandId)).InstanceIds, [id])
    assert.deepEqual(await scene.node(0).dueIds(), [commandId])
    assert.equal((await refused(scene, { InstanceIds: [id, ec2Id] })).name, 'DuplicateInstanceId')
  })

  test('reaches the nodes that pass every target by one of its values', async () => {
    await using scene = await openCommands(WEB, DB, { tags: { Role: 'db', Tier: 'two' } })
    const reached = async (...targets: readonly (readonly [string, ...string[]])[]) => {
      const Targets = targets.map(([Key, ...Values]) => ({ Key, Values }))
      const sent = await scene.invocations(await scene.send({ Targets }))
      return sent.map(({ InstanceId }) => scene.nodes.findIndex(({ id }) => id === InstanceId)).join('')
    }
    assert.equal(await reached(['tag:Role', 'web']), '0')
    assert.equal(await reached(['tag:Role', 'web', 'db']), '012')
    assert.equal(await reached(['tag:Role', 'db'], ['tag:Tier', 'two']), '2')
    assert.equal(await reached(['InstanceIds', scene.node(1).id, scene.node(0).id]), '01')
    assert.equal(await reached(['tag:role', 'web']), '')
  })

  test('that reaches no node is over at once, and says why', async () => {
    await using scene = await openCommands(WEB)
    const id = await scene.send({ Targets: [{ Key: 'tag:Role', Values: ['none'] }] })
    const { Status, StatusDetails, TargetCount } = await scene.command(id)
    assert.deepEqual([Status, StatusDetails, TargetCount], ['Success', 'NoInstancesInTag', 0])
    assert.deepEqual(await scene.invocations(id), [])
  })

  test('takes the hash of the document that it is to send, and no other', async () => {
    await using scene = await openCommands({})
    const { content = '' } = BUILT_IN_DOCUMENTS.get('AWS-RunShellScript') ?? {}
    const DocumentHash = createHash('sha256').update(content).digest('hex')
    await scene.send({ DocumentHash, DocumentHashType: 'Sha256' })
    await scene.send({ DocumentName: DOCUMENT, DocumentVersion: '1' })
    assert.equal((await refused(scene, { DocumentHash: 'ab' })).name, 'InvalidDocument')
  })

  test('is refused with nodes and targets, or neither', async () => {
    await using scene = await openCommands(WEB)
    const Targets = [{ Key: 'tag:Role', Values: ['web'] }]
    const both = { InstanceIds: scene.nodes.map(({ id }) => id), Targets }
    assert.equal((await refused(scene, both)).name, 'ValidationException')
    assert.equal((await refused(scene, { InstanceIds: [] })).name, 'ValidationException')
    const group = { Targets: [{ Key: 'resource-groups:Name', Values: ['g'] }] }
    assert.equal((await refused(scene, group)).name, 'ValidationException')
  })

  test('is refused for a node that is not there, and then reaches none', async () => {
    await using scene = await openCommands({}, { state: 'deregistered' })
    assert.deepEqual(await refused(scene, {}), {
      name: 'InvalidInstanceId',
      message: `Instances [[${scene.node(1).id}]] not in a valid state for account ${TEST_ACCOUNT}`,
    })
    assert.deepEqual(await scene.node(0).due(), [])
  })

  test('is refused for a document or version that there is not', async () => {
    await using scene = await openCommands({})
    assert.deepEqual(await refused(scene, { DocumentName: 'AWS-Other' }), {
      name: 'InvalidDocument',
      message: 'Document with name AWS-Other does not exist.',
    })
    const foreign = `arn:aws:ssm:${TEST_REGION}:444455556666:document/Theirs`
    assert.equal((await refused(scene, { DocumentName: foreign })).name, 'InvalidDocument')
    assert.equal((await refused(scene, { DocumentVersion: '2' })).name, 'InvalidDocumentVersion')
  })

  test('is refused for parameters that the document does not have, or that lack, or that it does not admit', async () => {
    await using scene = await openCommands({})
    const code = async (Parameters: Record<string, string[]>) => (await refused(scene, { Parameters })).name
    assert.equal(await code({}), 'InvalidParameters')
    assert.equal(await code({ commands: ['true'], more: ['x'] }), 'InvalidParameters')
    assert.equal(await code({ commands: ['true'], executionTimeout: ['soon'] }), 'InvalidParameters')
    assert.equal(await code({ commands: ['x'.repeat(70_000)] }), 'MaxDocumentSizeExceeded')
  })

  test('is refused where it wants what there is not: buckets, topics, log groups, alarms', async () => {
    await using scene = await openCommands({})
    const code = async (changes: Partial<SendCommandCommandInput>) => (await refused(scene, changes)).name
    assert.equal(await code({ OutputS3BucketName: 'bucket' }), 'InvalidOutputFolder')
    const NotificationConfig = { NotificationArn: `arn:aws:sns:${TEST_REGION}:${TEST_ACCOUNT}:topic` }
    assert.equal(await code({ NotificationConfig }), 'InvalidNotificationConfig')
    const CloudWatchOutputConfig = { CloudWatchOutputEnabled: true }
    assert.equal(await code({ CloudWatchOutputConfig }), 'ValidationException')
    assert.equal(await code({ AlarmConfiguration: { Alarms: [{ Name: 'a' }] } }), 'ValidationException')
    assert.deepEqual(await scene.node(0).due(), [])
  })

  test('tells the trail who sent what where, but no parameter', async () => {
    await using scene = await openCommands({})
    await scene.send({ Parameters: { commands: ['echo hunter2'] } })
    const [event] = await scene.server.trail()
    assert.equal(event?.eventName, 'SendCommand')
    const text = JSON.stringify(event)
    assert.match(text, /HIDDEN_DUE_TO_SECURITY_REASONS/)
    assert.ok(text.includes(scene.node(0).id))
    assert.ok(!text.includes('hunter2'))
  })

  test('keeps parameters, script and output sealed', async () => {
    await using scene = await openCommands({})
    const id = await scene.send({ Parameters: { commands: ['echo hunter2'] } })
    await scene.node(0).runs(id, { stdout: 'hunter3' })
    const { commands } = scene.server.house.store.read
    const place = { account: TEST_ACCOUNT, region: TEST_REGION }
    const content = await commands.content(place, id)
    const [outcome] = await commands.outcomes(place, id, scene.node(0).id)
    for (const sealed of [content?.parameters, content?.steps, outcome?.output]) {
      assert.ok(sealed && !Buffer.from(sealed).includes('hunter'))
    }
  })
})

describe('leave to send a command', () => {
  const both = [DOCUMENT, managedArn('*')]

  async function codeFor(
    scene: CommandScene,
    statements: readonly object[],
    changes: Partial<SendCommandCommandInput> = {},
  ): Promise<string> {
    const client = scene.base.as(await scene.server.user(...statements))
    const input = shellCommand(scene.nodes, changes)
    return client.send(new SendCommandCommand(input)).then(
      () => 'sent',
      (error: unknown) => (error instanceof Error ? error.name : ''),
    )
  }

  test('is needed for the document and for the node, under either of its ARNs', async () => {
    await using scene = await openCommands({})
    const { id } = scene.node(0)
    assert.equal(await codeFor(scene, [{ ...SEND, Resource: both }]), 'sent')
    assert.equal(await codeFor(scene, [{ ...SEND, Resource: [DOCUMENT, instanceArn(id)] }]), 'sent')
    assert.equal(await codeFor(scene, [{ ...SEND, Resource: DOCUMENT }]), 'AccessDeniedException')
    assert.equal(await codeFor(scene, [{ ...SEND, Resource: managedArn(id) }]), 'AccessDeniedException')
    assert.equal(
      await codeFor(scene, [{ ...SEND, Resource: [DOCUMENT, managedArn('mi-other')] }]),
      'AccessDeniedException',
    )
    const own = `arn:aws:ssm:${TEST_REGION}:${TEST_ACCOUNT}:document/*`
    assert.equal(
      await codeFor(scene, [{ ...SEND, Resource: [own, managedArn('*')] }]),
      'AccessDeniedException',
    )
  })

  test('is not there where a deny names the node by its other id', async () => {
    await using scene = await openCommands({})
    const { id } = scene.node(0)
    const all = { ...SEND, Resource: '*' }
    for (const Resource of [managedArn(id), instanceArn(id)]) {
      const deny = { ...SEND, Effect: 'Deny', Resource }
      const InstanceIds = [id.replace('mi-', 'i-')]
      assert.equal(await codeFor(scene, [all, deny]), 'AccessDeniedException')
      assert.equal(await codeFor(scene, [all, deny], { InstanceIds }), 'AccessDeniedException')
    }
  })

  test('may depend on the tags of the node, by both keys', async () => {
    await using scene = await openCommands(WEB, DB)
    for (const key of ['ssm:resourceTag/Role', 'aws:ResourceTag/Role']) {
      const tagged = { ...SEND, Resource: managedArn('*'), Condition: { StringEquals: { [key]: 'web' } } }
      const statements = [{ ...SEND, Resource: DOCUMENT }, tagged]
      const to = (number: number) => ({ InstanceIds: [scene.node(number).id] })
      assert.equal(await codeFor(scene, statements, to(0)), 'sent')
      assert.equal(await codeFor(scene, statements, to(1)), 'AccessDeniedException')
      assert.equal(await codeFor(scene, statements), 'AccessDeniedException')
    }
  })

  test('hides whether a node is there from those who may not send to it', async () => {
    await using scene = await openCommands(WEB)
    const client = scene.base.as(await scene.server.user({ ...SEND, Resource: DOCUMENT }))
    const sentence = async (id: string) => {
      const { message } = await refusalOf(
        client.send(new SendCommandCommand(shellCommand([], { InstanceIds: [id] }))),
      )
      return message.replaceAll(id, 'ID')
    }
    assert.equal(await sentence(scene.node(0).id), await sentence('mi-99999999999999999'))
  })

  test('is asked anew for every node that a tag reaches: the others get nothing', async () => {
    await using scene = await openCommands(WEB, { tags: { Role: 'web', Guarded: 'yes' } })
    const guard = { StringEquals: { 'ssm:resourceTag/Guarded': 'yes' } }
    const deny = { ...SEND, Effect: 'Deny', Resource: '*', Condition: guard }
    const client = scene.base.as(await scene.server.user({ ...SEND, Resource: '*' }, deny))
    const Targets = [{ Key: 'tag:Role', Values: ['web'] }]
    const { Command } = await client.send(new SendCommandCommand(shellCommand(scene.nodes, { Targets })))
    const id = Command?.CommandId ?? ''
    assert.deepEqual(await scene.standing(id), ['Pending', 'Pending', 'AccessDenied'])
    assert.deepEqual(await scene.node(1).due(), [])
    await scene.node(0).runs(id)
    assert.deepEqual(await scene.standing(id), ['Failed', 'Success', 'AccessDenied'])
    // Nor may a node speak of what it was not sent.
    await scene.node(1).runs(id)
    assert.deepEqual(await scene.standing(id), ['Failed', 'Success', 'AccessDenied'])
  })
})
