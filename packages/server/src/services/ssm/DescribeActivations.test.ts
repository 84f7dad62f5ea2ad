import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  CreateActivationCommand,
  type CreateActivationCommandInput,
  DeleteActivationCommand,
  DescribeActivationsCommand,
  paginateDescribeActivations,
} from '@aws-sdk/client-ssm'
import { makeRole, openSsm, refusalOf, type SsmScene } from './ssm.test-support.ts'

const ABSENT = '00000000-0000-4000-8000-000000000000'

async function create({ ssm }: SsmScene, changes: Partial<CreateActivationCommandInput> = {}) {
  const { ActivationId = '' } = await ssm.send(new CreateActivationCommand({ IamRole: 'nodes', ...changes }))
  return ActivationId
}

test('an activation is listed with all but its code, and as expired from its end on', async () => {
  await using scene = await openSsm()
  const ActivationId = await create(scene, {
    Description: 'racks',
    DefaultInstanceName: 'rack',
    RegistrationLimit: 7,
    Tags: [{ Key: 'team', Value: 'a' }],
  })
  const CreatedDate = scene.server.clock.now()
  const expected = {
    ActivationId,
    Description: 'racks',
    DefaultInstanceName: 'rack',
    IamRole: 'nodes',
    RegistrationLimit: 7,
    RegistrationsCount: 0,
    ExpirationDate: new Date(CreatedDate.getTime() + 86_400_000),
    Expired: false,
    CreatedDate,
    Tags: [{ Key: 'team', Value: 'a' }],
  }
  const listed = async () => (await scene.ssm.send(new DescribeActivationsCommand())).ActivationList
  assert.deepEqual(await listed(), [expected])
  scene.server.clock.advance(86_400)
  assert.deepEqual(await listed(), [{ ...expected, Expired: true }])
})

test('pages hold every activation once, filtered or not', async () => {
  await using scene = await openSsm()
  await makeRole(scene.server, 'others')
  const ids: string[] = []
  for (let i = 0; i < 7; i++) ids.push(await create(scene, { IamRole: i % 2 === 0 ? 'nodes' : 'others' }))
  const paged = async (input: object) => {
    const found: unknown[] = []
    for await (const page of paginateDescribeActivations({ client: scene.ssm, pageSize: 2 }, input))
      found.push(...(page.ActivationList ?? []).map((each) => each.ActivationId))
    return found
  }
  assert.deepEqual(await paged({}), ids.toSorted())
  const filtered = { Filters: [{ FilterKey: 'IamRole', FilterValues: ['others', 'none'] }] }
  assert.deepEqual(await paged(filtered), ids.filter((_, i) => i % 2 === 1).toSorted())
})

test('filters go by id, by name and by role; one without key or values is refused', async () => {
  await using scene = await openSsm()
  const named = await create(scene, { DefaultInstanceName: 'rack' })
  await create(scene)
  const filtered = async (
    FilterKey: 'ActivationIds' | 'DefaultInstanceName' | undefined,
    values: string[],
  ) => {
    const Filters = [{ FilterKey, FilterValues: values }]
    const { ActivationList = [] } = await scene.ssm.send(new DescribeActivationsCommand({ Filters }))
    return ActivationList.map(({ ActivationId }) => ActivationId)
  }
  assert.deepEqual(await filtered('ActivationIds', [named, ABSENT]), [named])
  assert.deepEqual(await filtered('DefaultInstanceName', ['rack']), [named])
  assert.equal((await refusalOf(filtered(undefined, ['a']))).name, 'InvalidFilter')
  assert.equal((await refusalOf(filtered('ActivationIds', []))).name, 'InvalidFilter')
  const forged = scene.ssm.send(new DescribeActivationsCommand({ NextToken: 'forged' }))
  assert.equal((await refusalOf(forged)).name, 'InvalidNextToken')
})

test('a deleted activation is gone, and cannot be deleted again', async () => {
  await using scene = await openSsm()
  const ActivationId = await create(scene)
  const remove = (id: string) => scene.ssm.send(new DeleteActivationCommand({ ActivationId: id }))
  await remove(ActivationId)
  assert.deepEqual((await scene.ssm.send(new DescribeActivationsCommand())).ActivationList, [])
  assert.equal((await refusalOf(remove(ActivationId))).name, 'InvalidActivation')
  assert.equal((await refusalOf(remove('no-uuid'))).name, 'ValidationException')
})

test('neither another account nor another region has any of it', async () => {
  await using scene = await openSsm()
  const ActivationId = await create(scene)
  const { otherAdmin, admin } = scene.server
  for (const client of [scene.as(otherAdmin), scene.as(admin, 'eu-west-1')]) {
    assert.deepEqual((await client.send(new DescribeActivationsCommand())).ActivationList, [])
    const removal = client.send(new DeleteActivationCommand({ ActivationId }))
    assert.equal((await refusalOf(removal)).name, 'InvalidActivation')
  }
})

test('each needs its permission', async () => {
  await using scene = await openSsm()
  const ActivationId = await create(scene)
  const client = scene.as(await scene.server.user())
  const calls = [
    client.send(new CreateActivationCommand({ IamRole: 'nodes' })),
    client.send(new DescribeActivationsCommand()),
    client.send(new DeleteActivationCommand({ ActivationId })),
  ]
  for (const { name } of await Promise.all(calls.map(refusalOf))) assert.equal(name, 'AccessDeniedException')
})
