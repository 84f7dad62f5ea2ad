import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { CreateTagsCommand, EC2Client, type Tag } from '@aws-sdk/client-ec2'
import { AddTagsToResourceCommand, ListTagsForResourceCommand, SSMClient } from '@aws-sdk/client-ssm'
import { putNodes, testNodeId } from '../../fleet/nodes.test-support.ts'
import { rawCall } from '../../testing/raw-call.ts'
import { type Keys, startServer, type TestServer } from '../../testing/server.ts'
import { instanceArn, instanceId } from './ec2.test-support.ts'

function tag(server: TestServer, keys: Keys, Resources: string[], ...Tags: Tag[]) {
  return server.sdk(EC2Client, keys).send(new CreateTagsCommand({ Resources, Tags }))
}

/** A node's tags as Systems Manager has them. */
async function tagsOf(server: TestServer, number: number) {
  const asked = { ResourceType: 'ManagedInstance', ResourceId: testNodeId(number) } as const
  return (await server.sdk(SSMClient, server.admin).send(new ListTagsForResourceCommand(asked))).TagList
}

const WEB = { Key: 'role', Value: 'web' }
const ALLOW = { Effect: 'Allow', Action: 'ec2:CreateTags' }

describe('CreateTags', () => {
  test('200 — adds tags to nodes and overwrites those of the same key, in the one set that both services have', async () => {
    await using server = await startServer()
    await putNodes(server, { tags: { role: 'db', kept: '1' } }, {})
    await tag(server, server.admin, [instanceId(1), instanceId(2)], WEB, { Key: 'bare' })
    const added = [WEB, { Key: 'bare', Value: '' }]
    assert.deepEqual(sorted(await tagsOf(server, 1)), sorted([...added, { Key: 'kept', Value: '1' }]))
    assert.deepEqual(sorted(await tagsOf(server, 2)), sorted(added))
  })

  test('InvalidParameterValue — the server’s own keys and Amazon’s, whatever the case, by either service', async () => {
    await using server = await startServer()
    await putNodes(server, {})
    for (const Key of ['lockstep:host-key-1', 'Lockstep:ssh-port', 'lockstep:x', 'aws:x', 'AWS:x']) {
      await assert.rejects(tag(server, server.admin, [instanceId(1)], WEB, { Key, Value: 'x' }), {
        name: 'InvalidParameterValue',
        message: `Tag keys starting with '${Key.toLowerCase().startsWith('aws') ? 'aws:' : 'lockstep:'}' are reserved for internal use`,
      })
      const bySsm = { ResourceId: testNodeId(1), Tags: [{ Key, Value: 'x' }] }
      await assert.rejects(
        server
          .sdk(SSMClient, server.admin)
          .send(new AddTagsToResourceCommand({ ResourceType: 'ManagedInstance', ...bySsm })),
        Key,
      )
    }
    assert.deepEqual(await tagsOf(server, 1), [])
  })

  test('InvalidParameterValue — a key that is empty, too long, twice or differs in case alone; a value too long', async () => {
    await using server = await startServer()
    await putNodes(server, { tags: { Team: 'a' } })
    const wrong: readonly Tag[][] = [
      [{ Key: '', Value: 'x' }],
      [{ Value: 'x' }],
      [{ Key: 'k'.repeat(129) }],
      [{ Key: 'k', Value: 'v'.repeat(257) }],
      [WEB, WEB],
      [WEB, { Key: 'Role', Value: 'web' }],
      [{ Key: 'team', Value: 'a' }],
    ]
    for (const tags of wrong)
      await assert.rejects(tag(server, server.admin, [instanceId(1)], ...tags), {
        name: 'InvalidParameterValue',
      })
    await tag(server, server.admin, [instanceId(1)], { Key: 'é'.repeat(128), Value: '😀'.repeat(256) })
    assert.equal((await tagsOf(server, 1))?.length, 2)
  })

  test('TagLimitExceeded — more than 50, of which the server’s own are none; nothing is changed anywhere', async () => {
    await using server = await startServer()
    const tags = Object.fromEntries(Array.from({ length: 49 }, (_, i) => [`k${i}`, '']))
    await putNodes(server, {}, { tags })
    const both = [instanceId(1), instanceId(2)]
    await assert.rejects(tag(server, server.admin, both, WEB, { Key: 'env', Value: 'prod' }), {
      name: 'TagLimitExceeded',
    })
    assert.deepEqual(await tagsOf(server, 1), [])
    await tag(server, server.admin, both, WEB)
    assert.equal((await tagsOf(server, 2))?.length, 50)
  })

  test('InvalidInstanceID.NotFound, InvalidInstanceID.Malformed, InvalidID — what is no node; nothing is changed', async () => {
    await using server = await startServer()
    await putNodes(server, {}, { state: 'deregistered' })
    const refused = [
      [instanceId(2), 'InvalidInstanceID.NotFound'],
      [instanceId(9), 'InvalidInstanceID.NotFound'],
      ['i-xyz', 'InvalidInstanceID.Malformed'],
      ['vpc-00000000000000000', 'InvalidID'],
      [testNodeId(1), 'InvalidID'],
    ] as const
    for (const [id, name] of refused)
      await assert.rejects(tag(server, server.admin, [instanceId(1), id], WEB), { name }, id)
    assert.deepEqual(await tagsOf(server, 1), [])
  })

  test('MissingParameter — no resources or no tags', async () => {
    await using server = await startServer()
    await putNodes(server, {})
    const call = async (body: string) => {
      const { status, code, message } = await rawCall(server, server.admin, {
        service: 'ec2',
        body: `Action=CreateTags&Version=2016-11-15&${body}`,
      })
      return { status, code, message }
    }
    const missing = (name: string) => ({
      status: 400,
      code: 'MissingParameter',
      message: `The request must contain the parameter ${name}`,
    })
    assert.deepEqual(await call('Tag.1.Key=a'), missing('ResourceId'))
    assert.deepEqual(await call('Tag.1.Key=a&ResourceId='), missing('ResourceId'))
    assert.deepEqual(await call(`ResourceId.1=${instanceId(1)}`), missing('Tag'))
    assert.deepEqual(await call(`ResourceId.1=${instanceId(1)}&Tag=`), missing('Tag'))
  })

  test('DryRunOperation — nothing is changed', async () => {
    await using server = await startServer()
    await putNodes(server, {})
    const dry = new CreateTagsCommand({ Resources: [instanceId(1)], Tags: [WEB], DryRun: true })
    await assert.rejects(server.sdk(EC2Client, server.admin).send(dry), { name: 'DryRunOperation' })
    assert.deepEqual(await tagsOf(server, 1), [])
  })

  test('UnauthorizedOperation — without the permission for each node, named by its ARN', async () => {
    await using server = await startServer()
    await putNodes(server, {}, {})
    const user = await server.user({ ...ALLOW, Resource: instanceArn(1) })
    await tag(server, user, [instanceId(1)], WEB)
    for (const ids of [[instanceId(2)], [instanceId(1), instanceId(2)], [instanceId(1), instanceId(9)]])
      await assert.rejects(tag(server, user, ids, { Key: 'more' }), {
        name: 'UnauthorizedOperation',
        message: `You are not authorized to perform this operation. User: ${user.arn} is not authorized to perform: ec2:CreateTags on resource: ${instanceArn(Number(ids.at(-1)?.slice(-1)))} because no identity-based policy allows the ec2:CreateTags action`,
      })
    assert.deepEqual(await tagsOf(server, 1), [WEB])
  })

  test('UnauthorizedOperation — leave to run commands and to read is none to tag', async () => {
    await using server = await startServer()
    await putNodes(server, {})
    const user = await server.user({
      Effect: 'Allow',
      Action: ['ssm:SendCommand', 'ec2:Describe*'],
      Resource: '*',
    })
    await assert.rejects(tag(server, user, [instanceId(1)], WEB), { name: 'UnauthorizedOperation' })
  })

  test('conditions see the tags that are given, their keys and those that the node has', async () => {
    await using server = await startServer()
    await putNodes(server, { tags: { env: 'dev' } }, { tags: { env: 'prod' } })
    const user = await server.user({
      ...ALLOW,
      Resource: '*',
      Condition: {
        StringEquals: { 'aws:RequestTag/role': ['web', 'db'], 'ec2:ResourceTag/env': 'dev' },
        'ForAllValues:StringEquals': { 'aws:TagKeys': ['role'] },
      },
    })
    await tag(server, user, [instanceId(1)], WEB)
    const refused: readonly [number, ...Tag[]][] = [
      [1, { Key: 'role', Value: 'admin' }],
      [1, { Key: 'role' }],
      [1, WEB, { Key: 'RotateSSHKeys', Value: 'True' }],
      [2, WEB],
      [9, WEB],
    ]
    for (const [number, ...tags] of refused)
      await assert.rejects(tag(server, user, [instanceId(number)], ...tags), {
        name: 'UnauthorizedOperation',
      })
  })

  test('a policy cannot be met by what a node tells of itself', async () => {
    await using server = await startServer()
    await putNodes(server, {})
    const Condition = { StringEquals: { 'aws:ResourceTag/lockstep:ssh-port': '22' } }
    const user = await server.user({ ...ALLOW, Resource: '*', Condition })
    await assert.rejects(tag(server, user, [instanceId(1)], WEB), { name: 'UnauthorizedOperation' })
  })

  test('the trail has who tagged what with what, and what was refused', async () => {
    await using server = await startServer()
    await putNodes(server, {})
    await tag(server, server.admin, [instanceId(1)], WEB)
    const user = await server.user()
    await assert.rejects(tag(server, user, [instanceId(1)], WEB))
    const [refused, ...earlier] = await server.trail()
    const done = earlier.find(({ eventName }) => eventName === 'CreateTags')
    const asked = { resources: [instanceId(1)], tags: [{ key: 'role', value: 'web' }] }
    assert.partialDeepStrictEqual(done, {
      eventSource: 'ec2.amazonaws.com',
      readOnly: false,
      requestParameters: asked,
      resources: [{ ARN: instanceArn(1), type: 'AWS::EC2::Instance' }],
    })
    assert.partialDeepStrictEqual(refused, {
      eventName: 'CreateTags',
      errorCode: 'UnauthorizedOperation',
      requestParameters: asked,
    })
  })
})

function sorted(tags: readonly Tag[] | undefined): readonly Tag[] {
  return (tags ?? []).toSorted((a, b) => ((a.Key ?? '') < (b.Key ?? '') ? -1 : 1))
}
