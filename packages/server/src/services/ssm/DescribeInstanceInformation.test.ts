import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  DescribeInstanceInformationCommand,
  type DescribeInstanceInformationCommandInput,
  paginateDescribeInstanceInformation,
} from '@aws-sdk/client-ssm'
import { putNodes, testNodeId } from '../../fleet/nodes.test-support.ts'
import { openSsm, refusalOf, type SsmScene } from './ssm.test-support.ts'

async function list({ ssm }: SsmScene, input: DescribeInstanceInformationCommandInput = {}) {
  const { InstanceInformationList = [] } = await ssm.send(new DescribeInstanceInformationCommand(input))
  return InstanceInformationList
}

async function idsOf(scene: SsmScene, Key: string, ...Values: string[]): Promise<unknown> {
  return (await list(scene, { Filters: [{ Key, Values }] })).map(({ InstanceId }) => InstanceId)
}

test('a node is told with what its agent said of it', async () => {
  await using scene = await openSsm()
  const now = scene.server.clock.now()
  await putNodes(scene.server, { name: 'web' })
  assert.deepEqual(await list(scene), [
    {
      InstanceId: testNodeId(1),
      PingStatus: 'Online',
      LastPingDateTime: now,
      AgentVersion: '1.0.0.0',
      PlatformType: 'Linux',
      PlatformName: 'Debian GNU/Linux',
      PlatformVersion: '12',
      ActivationId: '00000000-0000-4000-8000-000000000001',
      IamRole: 'nodes',
      RegistrationDate: now,
      ResourceType: 'ManagedInstance',
      Name: 'web',
      IPAddress: '192.0.2.1',
      ComputerName: 'host-1',
      SourceId: testNodeId(1),
      SourceType: 'AWS::SSM::ManagedInstance',
    },
  ])
})

test('a node that was not heard of for five minutes has lost its connection', async () => {
  await using scene = await openSsm()
  await putNodes(scene.server, {})
  const status = async () => (await list(scene))[0]?.PingStatus
  scene.server.clock.advance(300)
  assert.equal(await status(), 'Online')
  assert.deepEqual(await idsOf(scene, 'PingStatus', 'ConnectionLost'), [])
  scene.server.clock.advance(1)
  assert.equal(await status(), 'ConnectionLost')
  assert.deepEqual(await idsOf(scene, 'PingStatus', 'ConnectionLost', 'Inactive'), [testNodeId(1)])
})

test('filters must all pass, each by one of its values', async () => {
  await using scene = await openSsm()
  const [one, two, three] = await putNodes(
    scene.server,
    { tags: { team: 'a', env: 'prod' }, iamRole: 'other' },
    { tags: { team: 'b', env: 'prod' } },
    { activationId: '00000000-0000-4000-8000-000000000002' },
  )
  assert.deepEqual(await idsOf(scene, 'tag:team', 'a', 'c'), [one])
  assert.deepEqual(await idsOf(scene, 'tag-key', 'env'), [one, two])
  assert.deepEqual(await idsOf(scene, 'IamRole', 'other'), [one])
  assert.deepEqual(await idsOf(scene, 'ActivationIds', '00000000-0000-4000-8000-000000000002'), [three])
  assert.deepEqual(await idsOf(scene, 'AgentVersion', '9.9.9'), [])
  assert.deepEqual(await idsOf(scene, 'PlatformTypes', 'Linux'), [one, two, three])
  assert.deepEqual(await idsOf(scene, 'ResourceType', 'EC2Instance'), [])
  const both = await list(scene, {
    Filters: [
      { Key: 'tag:env', Values: ['prod'] },
      { Key: 'tag:team', Values: ['b'] },
    ],
  })
  assert.deepEqual(
    both.map(({ InstanceId }) => InstanceId),
    [two],
  )
})

test('a node is found by either of its ids and told by the first', async () => {
  await using scene = await openSsm()
  await putNodes(scene.server, {}, {})
  const other = testNodeId(2).replace('mi-', 'i-')
  assert.deepEqual(await idsOf(scene, 'InstanceIds', other, testNodeId(9)), [testNodeId(2)])
  const older = await list(scene, {
    InstanceInformationFilterList: [{ key: 'InstanceIds', valueSet: [testNodeId(2)] }],
  })
  assert.equal(older.length, 1)
})

test('pages hold every node once, also where few of many pass', async () => {
  await using scene = await openSsm()
  const ids = await putNodes(
    scene.server,
    ...Array.from({ length: 130 }, (_, i) => ({ iamRole: i % 10 === 0 ? 'rare' : 'nodes' })),
  )
  const paged = async (input: DescribeInstanceInformationCommandInput) => {
    const found: unknown[] = []
    const client = { client: scene.ssm, pageSize: 5 }
    for await (const page of paginateDescribeInstanceInformation(client, input)) {
      assert.ok((page.InstanceInformationList ?? []).length <= 5)
      found.push(...(page.InstanceInformationList ?? []).map(({ InstanceId }) => InstanceId))
    }
    return found
  }
  assert.deepEqual(await paged({}), ids)
  const rare = { Filters: [{ Key: 'IamRole', Values: ['rare'] }] }
  assert.deepEqual(
    await paged(rare),
    ids.filter((_, i) => i % 10 === 0),
  )
  assert.equal((await list(scene)).length, 50)
})

test('what cannot be asked is refused, each in its own way', async () => {
  await using scene = await openSsm()
  const refused = async (input: DescribeInstanceInformationCommandInput) =>
    (await refusalOf(list(scene, input))).name
  const filter = (Key: string, ...Values: string[]) => refused({ Filters: [{ Key, Values }] })
  assert.equal(await filter('Nonsense', 'a'), 'InvalidFilterKey')
  assert.equal(await filter('AssociationStatus', 'Success'), 'InvalidFilterKey')
  assert.equal(await filter('PingStatus', 'online'), 'InvalidInstanceInformationFilterValue')
  assert.equal(await filter('PlatformTypes', 'BeOS'), 'InvalidInstanceInformationFilterValue')
  assert.equal(await filter('InstanceIds', 'web-1'), 'InvalidInstanceId')
  assert.equal(await filter('IamRole'), 'ValidationException')
  assert.equal(await refused({ MaxResults: 4 }), 'ValidationException')
  assert.equal(await refused({ MaxResults: 51 }), 'ValidationException')
  assert.equal(await refused({ NextToken: 'forged' }), 'InvalidNextToken')
  assert.deepEqual(
    await refusalOf(
      list(scene, {
        Filters: [{ Key: 'IamRole', Values: ['a'] }],
        InstanceInformationFilterList: [{ key: 'IamRole', valueSet: ['a'] }],
      }),
    ),
    {
      name: 'ValidationException',
      message: 'Filters and InstanceInformationFilterList cannot be used together.',
    },
  )
})

test('it needs its permission, and shows nothing of another account or region', async () => {
  await using scene = await openSsm()
  await putNodes(scene.server, {})
  const call = scene.as(await scene.server.user()).send(new DescribeInstanceInformationCommand())
  assert.equal((await refusalOf(call)).name, 'AccessDeniedException')
  const { admin, otherAdmin } = scene.server
  for (const client of [scene.as(otherAdmin), scene.as(admin, 'eu-west-1')])
    assert.deepEqual(
      (await client.send(new DescribeInstanceInformationCommand())).InstanceInformationList,
      [],
    )
})
