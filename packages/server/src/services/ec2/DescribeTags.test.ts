import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { DescribeTagsCommand, type DescribeTagsCommandInput, EC2Client } from '@aws-sdk/client-ec2'
import { putNodes } from '../../fleet/nodes.test-support.ts'
import { startServer, type TestServer } from '../../testing/server.ts'
import { ec2Of, instanceId } from './ec2.test-support.ts'

async function withTwo(): Promise<TestServer> {
  const server = await startServer()
  await putNodes(server, { tags: { role: 'web', env: 'prod' } }, { tags: { role: 'db' } })
  return server
}

/** What is listed, as `NUMBER KEY=VALUE`. */
async function tags(server: TestServer, input: DescribeTagsCommandInput = {}) {
  const { Tags = [] } = await ec2Of(server).send(new DescribeTagsCommand(input))
  return Tags.map(({ ResourceId = '', Key, Value }) => `${ResourceId.slice(-1)} ${Key}=${Value}`)
}

const by = (Name: string, ...Values: string[]): DescribeTagsCommandInput => ({ Filters: [{ Name, Values }] })

describe('DescribeTags', () => {
  test('200 — every tag of every node by node and key, those of the server among them', async () => {
    await using server = await withTwo()
    assert.deepEqual(await tags(server), [
      '1 env=prod',
      '1 lockstep:host-key-1=ssh-ed25519 AAAA1',
      '1 lockstep:ssh-port=22',
      '1 role=web',
      '2 lockstep:host-key-1=ssh-ed25519 AAAA2',
      '2 lockstep:ssh-port=22',
      '2 role=db',
    ])
    const { Tags } = await ec2Of(server).send(new DescribeTagsCommand(by('key', 'env')))
    assert.deepEqual(Tags, [
      { ResourceId: instanceId(1), ResourceType: 'instance', Key: 'env', Value: 'prod' },
    ])
  })

  test('200 — filters by resource, type, key and value', async () => {
    await using server = await withTwo()
    assert.deepEqual(await tags(server, by('resource-id', instanceId(2), 'vpc-1')), [
      '2 lockstep:host-key-1=ssh-ed25519 AAAA2',
      '2 lockstep:ssh-port=22',
      '2 role=db',
    ])
    assert.deepEqual(await tags(server, by('resource-type', 'volume')), [])
    assert.equal((await tags(server, by('resource-type', 'instance'))).length, 7)
    assert.deepEqual(await tags(server, by('value', 'd*')), ['2 role=db'])
    assert.deepEqual(await tags(server, by('tag:role', 'web', 'db')), ['1 role=web', '2 role=db'])
    assert.deepEqual(await tags(server, by('tag:lockstep:ssh-port', '22')), [
      '1 lockstep:ssh-port=22',
      '2 lockstep:ssh-port=22',
    ])
  })

  test('200 — pages go on within a node’s tags, and behind a node that has gone meanwhile', async () => {
    await using server = await withTwo()
    const ec2 = ec2Of(server)
    const first = await ec2.send(new DescribeTagsCommand({ MaxResults: 5 }))
    assert.deepEqual(first.Tags?.at(-1)?.ResourceId, instanceId(2))
    const second = await ec2.send(new DescribeTagsCommand({ MaxResults: 5, NextToken: first.NextToken }))
    assert.deepEqual(
      second.Tags?.map(({ Key }) => Key),
      ['lockstep:ssh-port', 'role'],
    )
    assert.equal(second.NextToken, undefined)
    await server.house.store.write(async (tx) => {
      const place = { account: '111122223333', region: 'us-east-1' }
      const node = await tx.nodes.find(place, instanceId(2).replace('i-', 'mi-'))
      if (node) await tx.nodes.update({ ...node, state: 'deregistered' })
    })
    const gone = await ec2.send(new DescribeTagsCommand({ MaxResults: 5, NextToken: first.NextToken }))
    assert.deepEqual(gone.Tags, [])
  })

  test('what is refused', async () => {
    await using server = await withTwo()
    await assert.rejects(tags(server, by('instance-id', instanceId(1))), { name: 'InvalidParameterValue' })
    await assert.rejects(tags(server, { MaxResults: 1 }), { name: 'InvalidParameterValue' })
    await assert.rejects(tags(server, { NextToken: 'x' }), { name: 'InvalidPaginationToken' })
    await assert.rejects(tags(server, { DryRun: true }), { name: 'DryRunOperation' })
    const ec2 = server.sdk(EC2Client, await server.user())
    await assert.rejects(ec2.send(new DescribeTagsCommand({})), { name: 'UnauthorizedOperation' })
  })
})
