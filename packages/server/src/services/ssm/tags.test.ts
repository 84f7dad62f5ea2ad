import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  AddTagsToResourceCommand,
  DescribeInstanceInformationCommand,
  ListTagsForResourceCommand,
  RemoveTagsFromResourceCommand,
  type ResourceTypeForTagging,
} from '@aws-sdk/client-ssm'
import { putNodes, testNodeId } from '../../fleet/nodes.test-support.ts'
import { managedArn, openSsm, refusalOf, type SsmScene } from './ssm.test-support.ts'

const ResourceId = testNodeId(1)
const NODE = { ResourceType: 'ManagedInstance', ResourceId } as const

function add({ ssm }: Pick<SsmScene, 'ssm'>, tags: Readonly<Record<string, string>>, resource: object = {}) {
  const Tags = Object.entries(tags).map(([Key, Value]) => ({ Key, Value }))
  return ssm.send(new AddTagsToResourceCommand({ ...NODE, Tags, ...resource }))
}

async function tagsOf({ ssm }: SsmScene, id = ResourceId): Promise<unknown> {
  const named = { ...NODE, ResourceId: id }
  return (await ssm.send(new ListTagsForResourceCommand(named))).TagList
}

test('tags are added, changed, removed, and nodes are found by them at once', async () => {
  await using scene = await openSsm()
  await putNodes(scene.server, { tags: { old: '1' } })
  const found = async (Key: string, Value: string) => {
    const Filters = [{ Key, Values: [Value] }]
    return (await scene.ssm.send(new DescribeInstanceInformationCommand({ Filters }))).InstanceInformationList
      ?.length
  }
  await add(scene, { team: 'a', old: '2' })
  assert.deepEqual(await tagsOf(scene), [
    { Key: 'old', Value: '2' },
    { Key: 'team', Value: 'a' },
  ])
  assert.equal(await found('tag:team', 'a'), 1)
  await scene.ssm.send(new RemoveTagsFromResourceCommand({ ...NODE, TagKeys: ['team', 'absent'] }))
  assert.deepEqual(await tagsOf(scene), [{ Key: 'old', Value: '2' }])
  assert.equal(await found('tag:team', 'a'), 0)
})

test('a node has one set of tags under both of its ids', async () => {
  await using scene = await openSsm()
  await putNodes(scene.server, {})
  const other = ResourceId.replace('mi-', 'i-')
  await add(scene, { team: 'a' }, { ResourceId: other })
  assert.deepEqual(await tagsOf(scene), await tagsOf(scene, other))
})

test('reserved keys, twins and too many tags are refused, and nothing of them is kept', async () => {
  await using scene = await openSsm()
  await putNodes(scene.server, { tags: { team: 'a' } })
  const many = Object.fromEntries(Array.from({ length: 50 }, (_, i) => [`k${i}`, '']))
  assert.equal((await refusalOf(add(scene, { 'aws:x': '' }))).name, 'ValidationException')
  assert.equal((await refusalOf(add(scene, { TEAM: '' }))).name, 'ValidationException')
  assert.equal((await refusalOf(add(scene, many))).name, 'TooManyTagsError')
  assert.deepEqual(await tagsOf(scene), [{ Key: 'team', Value: 'a' }])
})

test('kinds that are not here and ids that name nothing are refused', async () => {
  await using scene = await openSsm()
  const refused = async (ResourceType: ResourceTypeForTagging, id: string) =>
    (await refusalOf(add(scene, { a: 'b' }, { ResourceType, ResourceId: id }))).name
  assert.equal(await refused('PatchBaseline', 'pb-1'), 'InvalidResourceType')
  assert.equal(await refused('ManagedInstance', testNodeId(9)), 'InvalidResourceId')
  assert.equal(await refused('ManagedInstance', 'web-1'), 'InvalidResourceId')
})

test('policies see the tags that are given, those that are there, and the keys that go', async () => {
  await using scene = await openSsm()
  await putNodes(scene.server, { tags: { owner: 'ada' } }, { tags: { owner: 'bob' } })
  const caller = await scene.server.user(
    {
      Effect: 'Allow',
      Action: 'ssm:AddTagsToResource',
      Resource: '*',
      Condition: { StringEquals: { 'aws:RequestTag/team': 'a', 'aws:ResourceTag/owner': 'ada' } },
    },
    {
      Effect: 'Allow',
      Action: 'ssm:RemoveTagsFromResource',
      Resource: '*',
      Condition: { 'ForAllValues:StringEquals': { 'aws:TagKeys': ['team'] } },
    },
  )
  const ssm = scene.as(caller)
  const denied = async (call: Promise<unknown>) =>
    assert.equal((await refusalOf(call)).name, 'AccessDeniedException')
  await add({ ssm }, { team: 'a' })
  await denied(add({ ssm }, { team: 'b' }))
  await denied(add({ ssm }, { team: 'a' }, { ResourceId: testNodeId(2) }))
  const remove = (...TagKeys: string[]) => ssm.send(new RemoveTagsFromResourceCommand({ ...NODE, TagKeys }))
  await denied(remove('team', 'owner'))
  await remove('team')
})

test('each needs its permission, on a node that is there or not', async () => {
  await using scene = await openSsm()
  await putNodes(scene.server, {})
  const ssm = scene.as(await scene.server.user())
  for (const id of [ResourceId, testNodeId(9)]) {
    const named = { ...NODE, ResourceId: id }
    const calls = [
      add({ ssm }, { a: 'b' }, named),
      ssm.send(new RemoveTagsFromResourceCommand({ ...named, TagKeys: ['a'] })),
      ssm.send(new ListTagsForResourceCommand(named)),
    ]
    for (const { name, message } of await Promise.all(calls.map(refusalOf))) {
      assert.equal(name, 'AccessDeniedException')
      assert.ok(message.includes(managedArn(id)), message)
    }
  }
})
