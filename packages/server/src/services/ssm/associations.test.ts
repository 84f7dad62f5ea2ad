import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import {
  AddTagsToResourceCommand,
  CreateAssociationCommand,
  type CreateAssociationCommandInput,
  CreateDocumentCommand,
  DeleteAssociationCommand,
  DeleteDocumentCommand,
  DescribeAssociationCommand,
  DescribeAssociationExecutionsCommand,
  DescribeAssociationExecutionTargetsCommand,
  DescribeEffectiveInstanceAssociationsCommand,
  DescribeInstanceAssociationsStatusCommand,
  ListAssociationsCommand,
  type ListAssociationsCommandInput,
  ListAssociationVersionsCommand,
  ListTagsForResourceCommand,
  SSMClient,
  StartAssociationsOnceCommand,
  UpdateAssociationCommand,
  UpdateDocumentCommand,
} from '@aws-sdk/client-ssm'
import type { StepStatus } from '@lockstep/wire'
import { associationReported, desiredFor } from '../../fleet/desired.ts'
import { putNodes } from '../../fleet/nodes.test-support.ts'
import type { FleetNode } from '../../store/nodes.ts'
import { startServer, TEST_ACCOUNT, TEST_REGION } from '../../testing/server.ts'

const PLACE = { account: TEST_ACCOUNT, region: TEST_REGION }
const DEV = [{ Key: 'tag:Env', Values: ['dev'] }]
const NOBODY = '00000000-0000-4000-8000-00000000ffff'

/** A server with two nodes, the first tagged Env=dev, and the administrator's client. */
async function start(...nodes: readonly Partial<FleetNode>[]) {
  const server = await startServer()
  const ids = await putNodes(
    server,
    ...(nodes.length ? nodes : [{ tags: { Env: 'dev' } }, { tags: { Env: 'prod' } }]),
  )
  const client = server.sdk(SSMClient, server.admin)
  const { store, keyring } = { store: server.house.store, keyring: server.house.keyring }
  const nodeOf = async (id: string | undefined) => {
    const node = await store.read.nodes.find(PLACE, id ?? '')
    assert.ok(node)
    return node
  }
  return {
    ...{ server, client, ids },
    async create(changes: Partial<CreateAssociationCommandInput> = {}) {
      const input = { Name: 'AWS-RunShellScript', Targets: DEV, Parameters: { commands: ['id'] }, ...changes }
      const { AssociationDescription } = await client.send(new CreateAssociationCommand(input))
      return AssociationDescription ?? {}
    },
    async desired(id = ids[0]) {
      return desiredFor({ store: store.read, keyring }, await nodeOf(id), server.clock.now())
    },
    async report(associationId: string, version: string, status: StepStatus = 'Success', id = ids[0]) {
      const at = server.clock.now().toISOString()
      const step = { name: 'run', status, exitCode: 0, stdout: '', stderr: '', startedAt: at, endedAt: at }
      const node = await nodeOf(id)
      const report = { associationId, version, steps: [step] }
      await store.write((tx) => associationReported(tx, node, report, server.clock.now()))
    },
    async overview(AssociationId: string | undefined) {
      const { AssociationDescription: found } = await client.send(
        new DescribeAssociationCommand({ AssociationId }),
      )
      return found?.Overview
    },
    [Symbol.asyncDispose]: () => server[Symbol.asyncDispose](),
  }
}

function named(name: string) {
  return { name }
}

describe('associations', () => {
  test('an association that was made is described, listed and tagged', async () => {
    await using scene = await start()
    const made = await scene.create({
      ...{ AssociationName: 'keys', ScheduleExpression: 'rate(30 minutes)', ComplianceSeverity: 'HIGH' },
      ...{
        MaxErrors: '10%',
        MaxConcurrency: '5',
        SyncCompliance: 'AUTO',
        Tags: [{ Key: 'team', Value: 'a' }],
      },
    })
    const { AssociationId = '' } = made
    const { Date: createdAt, LastUpdateAssociationDate: updatedAt, ...shown } = made
    assert.deepEqual(createdAt, updatedAt)
    assert.deepEqual(shown, {
      ...{ AssociationId, AssociationVersion: '1', Name: 'AWS-RunShellScript', DocumentVersion: '$DEFAULT' },
      ...{ Targets: DEV, Parameters: { commands: ['id'] }, AssociationName: 'keys' },
      ...{ ScheduleExpression: 'rate(30 minutes)', ComplianceSeverity: 'HIGH', MaxErrors: '10%' },
      ...{ MaxConcurrency: '5', SyncCompliance: 'AUTO' },
      Overview: {
        Status: 'Pending',
        DetailedStatus: 'Pending',
        AssociationStatusAggregatedCount: { Pending: 1 },
      },
    })
    const { AssociationDescription } = await scene.client.send(
      new DescribeAssociationCommand({ AssociationId }),
    )
    assert.deepEqual(AssociationDescription, made)
    const tagging = { ResourceType: 'Association', ResourceId: AssociationId } as const
    await scene.client.send(new AddTagsToResourceCommand({ ...tagging, Tags: [{ Key: 'b', Value: 'c' }] }))
    const { TagList } = await scene.client.send(new ListTagsForResourceCommand(tagging))
    assert.deepEqual(TagList?.map(({ Key }) => Key).sort(), ['b', 'team'])
  })

  test('a node is brought to the associations that its tags or ids name, and to no other', async () => {
    await using scene = await start()
    const [first = '', second = ''] = scene.ids
    const byTag = await scene.create({ ScheduleExpression: 'rate(1 hour)' })
    const byId = await scene.create({
      Targets: [{ Key: 'InstanceIds', Values: [second.replace('mi-', 'i-')] }],
    })
    const all = await scene.create({
      Targets: [{ Key: 'InstanceIds', Values: ['*'] }],
      Parameters: { commands: ['w'] },
    })
    const meant = async (id: string) => (await scene.desired(id)).map(({ associationId }) => associationId)
    assert.deepEqual(await meant(first), [byTag.AssociationId, all.AssociationId].sort())
    assert.deepEqual(await meant(second), [byId.AssociationId, all.AssociationId].sort())
    const [hourly] = (await scene.desired()).filter((each) => each.associationId === byTag.AssociationId)
    assert.equal(hourly?.everySeconds, 3600)
    assert.deepEqual(hourly?.steps[0]?.script, ['id'])
    await scene.client.send(new DeleteAssociationCommand({ AssociationId: byTag.AssociationId }))
    assert.deepEqual(await meant(first), [all.AssociationId])
  })

  test('what a node does has another version after each change of parameters or document, and only then', async () => {
    await using scene = await start()
    const mainSteps = (word: string) => [
      { action: 'aws:runShellScript', name: 'a', inputs: { runCommand: [word] } },
    ]
    const content = (word: string) => JSON.stringify({ schemaVersion: '2.2', mainSteps: mainSteps(word) })
    await scene.client.send(new CreateDocumentCommand({ Name: 'mine', Content: content('one') }))
    const { AssociationId } = await scene.create({
      Name: 'mine',
      DocumentVersion: '$LATEST',
      Parameters: undefined,
    })
    const versions = new Set<string>()
    const look = async () => {
      const [found] = await scene.desired()
      const before = versions.size
      versions.add(found?.version ?? '')
      return versions.size > before
    }
    assert.equal(await look(), true)
    scene.server.clock.advance(240)
    assert.equal(await look(), false)
    await scene.client.send(new UpdateDocumentCommand({ Name: 'mine', Content: content('two') }))
    assert.equal(await look(), true)
    assert.deepEqual((await scene.desired())[0]?.steps[0]?.script, ['two'])
    await scene.client.send(new UpdateAssociationCommand({ AssociationId }))
    assert.equal(await look(), true)
    await scene.client.send(new StartAssociationsOnceCommand({ AssociationIds: [AssociationId ?? ''] }))
    assert.equal(await look(), true)
    assert.equal(await look(), false)
  })

  test('reports of nodes add up, until the association changes', async () => {
    await using scene = await start({ tags: { Env: 'dev' } }, { tags: { Env: 'dev' } })
    const { AssociationId = '' } = await scene.create()
    const [{ version = '' } = {}] = await scene.desired()
    await scene.report(AssociationId, version)
    assert.deepEqual(await scene.overview(AssociationId), {
      ...{ Status: 'Pending', DetailedStatus: 'Pending' },
      AssociationStatusAggregatedCount: { Pending: 1, Success: 1 },
    })
    await scene.report(AssociationId, version, 'TimedOut', scene.ids[1])
    assert.equal((await scene.overview(AssociationId))?.Status, 'Failed')
    scene.server.clock.advance(60)
    await scene.report(AssociationId, version, 'Success', scene.ids[1])
    assert.deepEqual((await scene.overview(AssociationId))?.AssociationStatusAggregatedCount, { Success: 2 })
    const { AssociationDescription } = await scene.client.send(
      new DescribeAssociationCommand({ AssociationId }),
    )
    assert.deepEqual(AssociationDescription?.LastSuccessfulExecutionDate, scene.server.clock.now())
    await scene.client.send(new UpdateAssociationCommand({ AssociationId, Parameters: { commands: ['w'] } }))
    assert.deepEqual((await scene.overview(AssociationId))?.AssociationStatusAggregatedCount, { Pending: 2 })
  })

  test('a node cannot report of what is not meant for it, or never was', async () => {
    await using scene = await start()
    const { AssociationId = '' } = await scene.create({ Targets: [{ Key: 'InstanceIds', Values: ['*'] }] })
    const { AssociationId: ofFirst = '' } = await scene.create()
    const version = `1.${'0'.repeat(32)}`
    await scene.report(ofFirst, version, 'Failed', scene.ids[1])
    await scene.report(AssociationId, `7.${'0'.repeat(32)}`)
    await scene.report(AssociationId, 'nonsense')
    await scene.report(NOBODY, version)
    for (const id of [AssociationId, ofFirst]) {
      const { AssociationDescription } = await scene.client.send(
        new DescribeAssociationCommand({ AssociationId: id }),
      )
      assert.equal(AssociationDescription?.LastExecutionDate, undefined)
    }
  })

  test('executions and the nodes of each are told', async () => {
    await using scene = await start()
    const { AssociationId = '' } = await scene.create()
    const [{ version = '' } = {}] = await scene.desired()
    await scene.report(AssociationId, version, 'TimedOut')
    await scene.client.send(new StartAssociationsOnceCommand({ AssociationIds: [AssociationId] }))
    const list = async (asked: object = {}) =>
      await scene.client.send(new DescribeAssociationExecutionsCommand({ AssociationId, ...asked }))
    const first = await list({ MaxResults: 1 })
    const rest = await list({ NextToken: first.NextToken })
    const [now, before] = [first.AssociationExecutions?.[0], rest.AssociationExecutions?.[0]]
    assert.deepEqual([now?.Status, now?.ResourceCountByStatus], ['Pending', '{Pending=1}'])
    assert.deepEqual([before?.Status, before?.ResourceCountByStatus], ['Failed', '{Failed=1}'])
    const filtered = await list({ Filters: [{ Key: 'Status', Value: 'Failed', Type: 'EQUAL' }] })
    assert.deepEqual(filtered.AssociationExecutions, [before])
    const targets = async (ExecutionId: string | undefined, asked: object = {}) =>
      (
        await scene.client.send(
          new DescribeAssociationExecutionTargetsCommand({ AssociationId, ExecutionId, ...asked }),
        )
      ).AssociationExecutionTargets?.map(({ ResourceId, Status, DetailedStatus }) => [
        ResourceId,
        Status,
        DetailedStatus,
      ])
    assert.deepEqual(await targets(now?.ExecutionId), [[scene.ids[0], 'Pending', 'Pending']])
    assert.deepEqual(await targets(before?.ExecutionId), [[scene.ids[0], 'Failed', 'TimedOut']])
    assert.deepEqual(
      await targets(before?.ExecutionId, { Filters: [{ Key: 'Status', Value: 'Success' }] }),
      [],
    )
    await assert.rejects(targets(NOBODY), named('AssociationExecutionDoesNotExist'))
  })

  test('a node’s associations are told, with how they stand', async () => {
    await using scene = await start()
    const [InstanceId = ''] = scene.ids
    const { AssociationId = '' } = await scene.create({ AssociationName: 'keys' })
    const status = async (id = InstanceId) =>
      (await scene.client.send(new DescribeInstanceAssociationsStatusCommand({ InstanceId: id })))
        .InstanceAssociationStatusInfos
    assert.equal((await status())?.[0]?.Status, 'Pending')
    const [{ version = '' } = {}] = await scene.desired()
    await scene.report(AssociationId, version)
    assert.deepEqual(await status(InstanceId.replace('mi-', 'i-')), [
      {
        ...{
          AssociationId,
          Name: 'AWS-RunShellScript',
          DocumentVersion: '$DEFAULT',
          AssociationVersion: '1',
        },
        ...{ InstanceId, Status: 'Success', DetailedStatus: 'Success', AssociationName: 'keys' },
        ExecutionDate: scene.server.clock.now(),
        ExecutionSummary: '1 out of 1 plugin processed, 1 success, 0 failed, 0 timedout, 0 skipped. ',
      },
    ])
    assert.deepEqual(await status(scene.ids[1]), [])
    const effective = await scene.client.send(
      new DescribeEffectiveInstanceAssociationsCommand({ InstanceId }),
    )
    assert.equal(JSON.parse(effective.Associations?.[0]?.Content ?? '').schemaVersion, '1.2')
    await assert.rejects(status('mi-0000000000000ffff'), named('InvalidInstanceId'))
  })

  test('an update resets what it leaves out, and every version can be read', async () => {
    await using scene = await start()
    const { AssociationId = '' } = await scene.create({
      AssociationName: 'keys',
      ScheduleExpression: 'rate(1 hour)',
    })
    const update = (changes: object = {}) =>
      scene.client.send(new UpdateAssociationCommand({ AssociationId, ...changes }))
    await assert.rejects(update(), named('InvalidParameters'))
    await assert.rejects(update({ AssociationVersion: '9' }), named('InvalidAssociationVersion'))
    await assert.rejects(update({ Name: 'none' }), named('InvalidDocument'))
    await assert.rejects(
      update({ DocumentVersion: '9', Parameters: { commands: ['w'] } }),
      named('InvalidDocumentVersion'),
    )
    const { AssociationDescription } = await update({
      Parameters: { commands: ['w'] },
      AssociationVersion: '1',
    })
    assert.equal(AssociationDescription?.AssociationVersion, '2')
    assert.equal(AssociationDescription?.AssociationName, undefined)
    assert.equal(AssociationDescription?.ScheduleExpression, undefined)
    assert.deepEqual(AssociationDescription?.Targets, DEV)
    const { AssociationVersions } = await scene.client.send(
      new ListAssociationVersionsCommand({ AssociationId }),
    )
    assert.deepEqual(
      AssociationVersions?.map((each) => [
        each.AssociationVersion,
        each.Parameters?.commands,
        each.AssociationName,
      ]),
      [
        ['2', ['w'], undefined],
        ['1', ['id'], 'keys'],
      ],
    )
    const older = await scene.client.send(
      new DescribeAssociationCommand({ AssociationId, AssociationVersion: '1' }),
    )
    assert.deepEqual(older.AssociationDescription?.Parameters, { commands: ['id'] })
    await assert.rejects(
      scene.client.send(new DescribeAssociationCommand({ AssociationId, AssociationVersion: '3' })),
      named('InvalidAssociationVersion'),
    )
  })

  test('what cannot be an association is refused', async () => {
    await using scene = await start()
    const refusals: [Partial<CreateAssociationCommandInput>, string][] = [
      [{ Name: 'none' }, 'InvalidDocument'],
      [{ DocumentVersion: '2' }, 'InvalidDocumentVersion'],
      [{ Parameters: {} }, 'InvalidParameters'],
      [{ Parameters: { commands: ['id'], surprise: ['x'] } }, 'InvalidParameters'],
      [{ Targets: [] }, 'InvalidTarget'],
      [{ Targets: [{ Key: 'tag:Env', Values: [] }] }, 'InvalidTarget'],
      [{ Targets: [{ Key: 'resource-groups:Name', Values: ['x'] }] }, 'InvalidTarget'],
      [{ InstanceId: scene.ids[0] }, 'InvalidTarget'],
      [{ Targets: undefined, InstanceId: 'mi-0000000000000ffff' }, 'InvalidInstanceId'],
      [{ ScheduleExpression: 'rate(29 minutes)' }, 'InvalidSchedule'],
      [{ ScheduleExpression: 'cron(0/15 * * * ? *)' }, 'InvalidSchedule'],
      [{ ScheduleExpression: 'cron(0,50 * * * ? *)' }, 'InvalidSchedule'],
      [{ ScheduleExpression: 'daily' }, 'InvalidSchedule'],
      [{ OutputLocation: { S3Location: { OutputS3BucketName: 'bucket' } } }, 'InvalidOutputLocation'],
      [{ CalendarNames: ['x'] }, 'InvalidParameters'],
      [{ ScheduleOffset: 1 }, 'InvalidParameters'],
    ]
    for (const [changes, name] of refusals)
      await assert.rejects(scene.create(changes), named(name), JSON.stringify(changes))
    const mainSteps = [{ action: 'aws:runPowerShellScript', name: 'a', inputs: { runCommand: ['x'] } }]
    const Content = JSON.stringify({ schemaVersion: '2.2', mainSteps })
    await scene.client.send(new CreateDocumentCommand({ Name: 'win', Content }))
    await assert.rejects(scene.create({ Name: 'win', Parameters: {} }), named('UnsupportedPlatformType'))
  })

  test('the old way names an association by document and instance, once', async () => {
    await using scene = await start()
    const old = { Targets: undefined, InstanceId: scene.ids[0] }
    const made = await scene.create(old)
    assert.equal(made.InstanceId, scene.ids[0])
    await assert.rejects(scene.create(old), named('AssociationAlreadyExists'))
    const name = { Name: 'AWS-RunShellScript', InstanceId: scene.ids[0] }
    const { AssociationDescription } = await scene.client.send(new DescribeAssociationCommand(name))
    assert.equal(AssociationDescription?.AssociationId, made.AssociationId)
    await scene.client.send(new DeleteAssociationCommand(name))
    await assert.rejects(
      scene.client.send(new DeleteAssociationCommand(name)),
      named('AssociationDoesNotExist'),
    )
    await assert.rejects(scene.client.send(new DescribeAssociationCommand({})), named('ValidationException'))
  })

  test('lists are filtered and paged', async () => {
    await using scene = await start()
    const made = [
      await scene.create({ AssociationName: 'one' }),
      await scene.create({
        AssociationName: 'two',
        Targets: [{ Key: 'InstanceIds', Values: [scene.ids[0] ?? ''] }],
      }),
    ]
    const ids = made.map(({ AssociationId = '' }) => AssociationId)
    const list = async (
      ...AssociationFilterList: ListAssociationsCommandInput['AssociationFilterList'] & object
    ) => {
      const found: (string | undefined)[] = []
      let NextToken: string | undefined
      do {
        const asked = {
          ...(AssociationFilterList.length > 0 && { AssociationFilterList }),
          MaxResults: 1,
          NextToken,
        }
        const page = await scene.client.send(new ListAssociationsCommand(asked))
        found.push(...(page.Associations ?? []).map(({ AssociationId }) => AssociationId))
        NextToken = page.NextToken
      } while (NextToken !== undefined)
      return found
    }
    assert.deepEqual(await list(), ids.toSorted())
    assert.deepEqual(await list({ key: 'AssociationName', value: 'two' }), [ids[1]])
    assert.deepEqual(await list({ key: 'AssociationId', value: ids[0] }), [ids[0]])
    assert.deepEqual(await list({ key: 'InstanceId', value: scene.ids[0] }), [ids[1]])
    assert.deepEqual(await list({ key: 'Name', value: 'none' }), [])
    const [{ version = '', associationId = '' } = {}] = await scene.desired()
    await scene.report(associationId, version)
    assert.deepEqual(await list({ key: 'AssociationStatusName', value: 'Success' }), [associationId])
    assert.deepEqual(await list({ key: 'LastExecutedAfter', value: '2020-01-01T00:00:00Z' }), [associationId])
    assert.deepEqual(await list({ key: 'LastExecutedBefore', value: '2020-01-01T00:00:00Z' }), [])
  })

  test('a document that an association uses stays', async () => {
    await using scene = await start()
    const content = (word: string) =>
      JSON.stringify({
        schemaVersion: '2.2',
        mainSteps: [{ action: 'aws:runShellScript', name: 'a', inputs: { runCommand: [word] } }],
      })
    await scene.client.send(new CreateDocumentCommand({ Name: 'mine', Content: content('a') }))
    for (const word of ['b', 'c'])
      await scene.client.send(new UpdateDocumentCommand({ Name: 'mine', Content: content(word) }))
    const { AssociationId } = await scene.create({
      Name: 'mine',
      DocumentVersion: '2',
      Parameters: undefined,
    })
    const remove = (DocumentVersion?: string) =>
      scene.client.send(new DeleteDocumentCommand({ Name: 'mine', DocumentVersion }))
    await assert.rejects(remove(), named('AssociatedInstances'))
    await assert.rejects(remove('2'), named('AssociatedInstances'))
    await scene.client.send(new DeleteAssociationCommand({ AssociationId }))
    await remove()
  })

  test('parameters are sealed at rest and absent from the trail', async () => {
    await using scene = await start()
    const canary = 'canary-5d1f'
    const { AssociationId } = await scene.create({ Parameters: { commands: [`echo ${canary}`] } })
    await scene.client.send(
      new UpdateAssociationCommand({ AssociationId, Parameters: { commands: [`echo ${canary} again`] } }),
    )
    assert.ok(!JSON.stringify(await scene.server.trail()).includes(canary))
    const stored = await scene.server.house.store.read.associations.list(PLACE, { limit: 9 })
    assert.ok(stored[0]?.sealedParameters)
    assert.ok(!Buffer.from(stored[0].sealedParameters).toString('latin1').includes(canary))
    assert.ok(!JSON.stringify({ ...stored[0], sealedParameters: undefined }).includes(canary))
  })
})
