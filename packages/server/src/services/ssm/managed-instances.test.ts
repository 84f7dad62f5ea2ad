import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  DeregisterManagedInstanceCommand,
  DescribeInstanceInformationCommand,
  GetConnectionStatusCommand,
  UpdateManagedInstanceRoleCommand,
} from '@aws-sdk/client-ssm'
import { putNodes, testNodeId } from '../../fleet/nodes.test-support.ts'
import { TEST_ACCOUNT, TEST_REGION } from '../../testing/server.ts'
import { instanceArn, makeRole, managedArn, openSsm, refusalOf, roleArn } from './ssm.test-support.ts'

const PLACE = { account: TEST_ACCOUNT, region: TEST_REGION }
const InstanceId = testNodeId(1)
const EC2_ID = InstanceId.replace('mi-', 'i-')

test('a deregistered node has no key any more, is in no list and cannot be reached', async () => {
  await using scene = await openSsm()
  await putNodes(scene.server, { tags: { team: 'a' } })
  const deregister = () => scene.ssm.send(new DeregisterManagedInstanceCommand({ InstanceId }))
  await deregister()
  const left = await scene.server.house.store.read.nodes.find(PLACE, InstanceId)
  assert.equal(left?.state, 'deregistered')
  assert.equal(left?.publicKey, undefined)
  const { InstanceInformationList } = await scene.ssm.send(new DescribeInstanceInformationCommand())
  assert.deepEqual(InstanceInformationList, [])
  const status = await scene.ssm.send(new GetConnectionStatusCommand({ Target: InstanceId }))
  assert.equal(status.Status, 'notconnected')
  assert.deepEqual(await refusalOf(deregister()), {
    name: 'InvalidInstanceId',
    message: `Not existing InstanceId ${InstanceId}`,
  })
})

test('only the id that Systems Manager gave is deregistered by', async () => {
  await using scene = await openSsm()
  await putNodes(scene.server, {})
  for (const id of [EC2_ID, 'mi-short', 'web-1']) {
    const call = scene.ssm.send(new DeregisterManagedInstanceCommand({ InstanceId: id }))
    assert.equal((await refusalOf(call)).name, 'ValidationException')
  }
})

test('a node gets another role where the caller may pass it and Systems Manager may assume it', async () => {
  await using scene = await openSsm()
  await putNodes(scene.server, {})
  await makeRole(scene.server, 'better')
  await makeRole(scene.server, 'foreign', { service: 'lambda.amazonaws.com' })
  const update = (IamRole: string, client = scene.ssm) =>
    client.send(new UpdateManagedInstanceRoleCommand({ InstanceId, IamRole }))
  await update('better')
  assert.equal((await scene.server.house.store.read.nodes.find(PLACE, InstanceId))?.iamRole, 'better')
  assert.equal((await refusalOf(update('foreign'))).name, 'ValidationException')
  assert.equal((await refusalOf(update('absent'))).name, 'ValidationException')
  const caller = await scene.server.user(
    { Effect: 'Allow', Action: 'ssm:*', Resource: '*' },
    { Effect: 'Allow', Action: 'iam:PassRole', Resource: roleArn('better') },
  )
  await update('better', scene.as(caller))
  assert.match((await refusalOf(update('nodes', scene.as(caller)))).message, /iam:PassRole/)
})

test('a node is connected while it is heard of, by either of its ids', async () => {
  await using scene = await openSsm()
  await putNodes(scene.server, {})
  const status = async (Target: string) =>
    (await scene.ssm.send(new GetConnectionStatusCommand({ Target }))).Status
  assert.equal(await status(InstanceId), 'connected')
  assert.equal(await status(EC2_ID), 'connected')
  assert.equal(await status(testNodeId(2)), 'notconnected')
  assert.equal(await status('web-1'), 'notconnected')
  scene.server.clock.advance(301)
  assert.equal(await status(InstanceId), 'notconnected')
})

test('a statement about either ARN of a node is about the machine, by whichever id it is named', async () => {
  await using scene = await openSsm()
  await putNodes(scene.server, {}, {})
  const statusFor = async (...statements: readonly object[]) => {
    const client = scene.as(
      await scene.server.user(...statements.map((each) => ({ Action: 'ssm:GetConnectionStatus', ...each }))),
    )
    const ends = [InstanceId, EC2_ID, testNodeId(2)].map((Target) =>
      client.send(new GetConnectionStatusCommand({ Target })).then(
        () => 'allowed',
        ({ name }) => name,
      ),
    )
    return Promise.all(ends)
  }
  const denied = 'AccessDeniedException'
  for (const Resource of [managedArn(InstanceId), instanceArn(InstanceId)]) {
    assert.deepEqual(await statusFor({ Effect: 'Allow', Resource }), ['allowed', 'allowed', denied])
    assert.deepEqual(await statusFor({ Effect: 'Allow', NotResource: Resource }), [denied, denied, 'allowed'])
    assert.deepEqual(await statusFor({ Effect: 'Allow', Resource: '*' }, { Effect: 'Deny', Resource }), [
      denied,
      denied,
      'allowed',
    ])
  }
})

test('a node’s tags decide, under both names of the condition key', async () => {
  await using scene = await openSsm()
  await putNodes(scene.server, { tags: { team: 'a' } }, { tags: { team: 'b' } })
  for (const key of ['ssm:resourceTag/team', 'aws:ResourceTag/team']) {
    const caller = await scene.server.user({
      Effect: 'Allow',
      Action: 'ssm:GetConnectionStatus',
      Resource: '*',
      Condition: { StringEquals: { [key]: 'a' } },
    })
    const status = (Target: string) => scene.as(caller).send(new GetConnectionStatusCommand({ Target }))
    assert.equal((await status(InstanceId)).Status, 'connected')
    assert.equal((await refusalOf(status(testNodeId(2)))).name, 'AccessDeniedException')
  }
})

test('who may not touch a node does not learn whether it is there', async () => {
  await using scene = await openSsm()
  await putNodes(scene.server, {})
  const client = scene.as(await scene.server.user())
  for (const id of [InstanceId, testNodeId(9)]) {
    const calls = [
      client.send(new DeregisterManagedInstanceCommand({ InstanceId: id })),
      client.send(new UpdateManagedInstanceRoleCommand({ InstanceId: id, IamRole: 'nodes' })),
      client.send(new GetConnectionStatusCommand({ Target: id })),
    ]
    for (const { name, message } of await Promise.all(calls.map(refusalOf))) {
      assert.equal(name, 'AccessDeniedException')
      assert.ok(message.includes(`on resource: ${managedArn(id)}`), message)
    }
  }
})
