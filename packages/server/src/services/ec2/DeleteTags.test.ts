import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { DeleteTagsCommand, DescribeTagsCommand, EC2Client, type Tag } from '@aws-sdk/client-ec2'
import { putNodes } from '../../fleet/nodes.test-support.ts'
import { type Keys, startServer, type TestServer } from '../../testing/server.ts'
import { ec2Of, instanceArn, instanceId } from './ec2.test-support.ts'

function untag(server: TestServer, keys: Keys, numbers: readonly number[], Tags?: Tag[]) {
  return server.sdk(EC2Client, keys).send(new DeleteTagsCommand({ Resources: numbers.map(instanceId), Tags }))
}

/** The keys of a node's tags. */
async function keysOf(server: TestServer, number: number) {
  const Filters = [{ Name: 'resource-id', Values: [instanceId(number)] }]
  const { Tags } = await ec2Of(server).send(new DescribeTagsCommand({ Filters }))
  return Tags?.map(({ Key }) => Key)
}

const OWN = ['lockstep:host-key-1', 'lockstep:ssh-port']

async function withTwo(): Promise<TestServer> {
  const server = await startServer()
  await putNodes(server, { tags: { a: '1', b: '' } }, { tags: { a: '2' } })
  return server
}

describe('DeleteTags', () => {
  test('200 — removes tags by key, of several nodes; one that is not there does not matter', async () => {
    await using server = await withTwo()
    await untag(server, server.admin, [1, 2], [{ Key: 'a' }, { Key: 'none' }])
    assert.deepEqual(await keysOf(server, 1), ['b', ...OWN])
    assert.deepEqual(await keysOf(server, 2), OWN)
  })

  test('200 — where a value is given, only with that value, be it the empty one', async () => {
    await using server = await withTwo()
    await untag(
      server,
      server.admin,
      [1, 2],
      [
        { Key: 'a', Value: '2' },
        { Key: 'b', Value: '' },
      ],
    )
    assert.deepEqual(await keysOf(server, 1), ['a', ...OWN])
    assert.deepEqual(await keysOf(server, 2), OWN)
    await untag(server, server.admin, [1], [{ Key: 'a', Value: '' }])
    assert.deepEqual(await keysOf(server, 1), ['a', ...OWN])
  })

  test('200 — without tags all go, but for those of the server', async () => {
    await using server = await withTwo()
    await untag(server, server.admin, [1])
    assert.deepEqual(await keysOf(server, 1), OWN)
    assert.deepEqual(await keysOf(server, 2), ['a', ...OWN])
  })

  test('InvalidParameterValue — the server’s own keys, which are there for good', async () => {
    await using server = await withTwo()
    for (const Key of [...OWN, 'LOCKSTEP:ssh-port', 'aws:x', ''])
      await assert.rejects(
        untag(server, server.admin, [1], [{ Key }]),
        { name: 'InvalidParameterValue' },
        Key,
      )
    assert.deepEqual(await keysOf(server, 1), ['a', 'b', ...OWN])
  })

  test('InvalidInstanceID.NotFound — nothing is changed', async () => {
    await using server = await withTwo()
    await assert.rejects(untag(server, server.admin, [1, 9]), { name: 'InvalidInstanceID.NotFound' })
    assert.deepEqual(await keysOf(server, 1), ['a', 'b', ...OWN])
  })

  test('DryRunOperation — nothing is changed', async () => {
    await using server = await withTwo()
    const dry = new DeleteTagsCommand({ Resources: [instanceId(1)], DryRun: true })
    await assert.rejects(ec2Of(server).send(dry), { name: 'DryRunOperation' })
    assert.deepEqual(await keysOf(server, 1), ['a', 'b', ...OWN])
  })

  test('UnauthorizedOperation — without the permission for each node, there or not', async () => {
    await using server = await withTwo()
    const user = await server.user({ Effect: 'Allow', Action: 'ec2:DeleteTags', Resource: instanceArn(1) })
    for (const numbers of [[2], [1, 2], [1, 9]])
      await assert.rejects(untag(server, user, numbers), { name: 'UnauthorizedOperation' })
    await untag(server, user, [1], [{ Key: 'a' }])
    assert.deepEqual(await keysOf(server, 1), ['b', ...OWN])
  })

  test('UnauthorizedOperation — leave to remove one key is none to remove all', async () => {
    await using server = await withTwo()
    const user = await server.user({
      Effect: 'Allow',
      Action: 'ec2:DeleteTags',
      Resource: '*',
      Condition: { 'ForAllValues:StringEquals': { 'aws:TagKeys': 'a' } },
    })
    await assert.rejects(untag(server, user, [1]), { name: 'UnauthorizedOperation' })
    await assert.rejects(untag(server, user, [1], [{ Key: 'b' }]), { name: 'UnauthorizedOperation' })
    await untag(server, user, [1], [{ Key: 'a' }])
    assert.deepEqual(await keysOf(server, 1), ['b', ...OWN])
  })
})
