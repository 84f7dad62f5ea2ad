import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import {
  DescribeInstanceStatusCommand,
  type DescribeInstanceStatusCommandInput,
  EC2Client,
} from '@aws-sdk/client-ec2'
import { putNodes } from '../../fleet/nodes.test-support.ts'
import { startServer, type TestServer } from '../../testing/server.ts'
import { ec2Of, instanceId } from './ec2.test-support.ts'

async function statuses(server: TestServer, input: DescribeInstanceStatusCommandInput = {}) {
  const answer = await ec2Of(server).send(new DescribeInstanceStatusCommand(input))
  return answer.InstanceStatuses?.map((each) => `${each.InstanceId} ${each.InstanceStatus?.Status}`)
}

/** One node that is heard of, and one that was heard of `seconds` ago. */
async function withLost(seconds: number): Promise<TestServer> {
  const server = await startServer()
  const lastSeenAt = new Date(server.clock.now().getTime() - seconds * 1000)
  await putNodes(server, {}, { lastSeenAt })
  return server
}

describe('DescribeInstanceStatus', () => {
  test('200 — a node that is heard of is ok, and one that is not for five minutes is impaired since then', async () => {
    await using server = await withLost(301)
    const answer = await ec2Of(server).send(new DescribeInstanceStatusCommand({}))
    const ok = { Status: 'ok', Details: [{ Name: 'reachability', Status: 'passed' }] }
    const ImpairedSince = new Date(server.clock.now().getTime() - 1000)
    const lost = { Status: 'impaired', Details: [{ Name: 'reachability', Status: 'failed', ImpairedSince }] }
    const common = {
      AvailabilityZone: 'us-east-1a',
      AvailabilityZoneId: 'use1-az1',
      InstanceState: { Code: 16, Name: 'running' },
    }
    assert.deepEqual(answer.InstanceStatuses, [
      { ...common, InstanceId: instanceId(1), InstanceStatus: ok, SystemStatus: ok },
      { ...common, InstanceId: instanceId(2), InstanceStatus: lost, SystemStatus: lost },
    ])
  })

  test('200 — after exactly five minutes a node is still ok', async () => {
    await using server = await withLost(300)
    assert.deepEqual(await statuses(server), [`${instanceId(1)} ok`, `${instanceId(2)} ok`])
  })

  test('200 — by id and by filters', async () => {
    await using server = await withLost(400)
    const lost = [`${instanceId(2)} impaired`]
    assert.deepEqual(await statuses(server, { InstanceIds: [instanceId(2)] }), lost)
    const by = (Name: string, Value: string) => statuses(server, { Filters: [{ Name, Values: [Value] }] })
    assert.deepEqual(await by('instance-status.status', 'impaired'), lost)
    assert.deepEqual(await by('system-status.reachability', 'failed'), lost)
    assert.deepEqual(await by('instance-state-name', 'stopped'), [])
    assert.equal((await by('availability-zone', 'us-east-1a'))?.length, 2)
  })

  test('200 — pages follow one another', async () => {
    await using server = await startServer()
    await putNodes(server, ...Array.from({ length: 6 }, () => ({})))
    const ec2 = ec2Of(server)
    const first = await ec2.send(new DescribeInstanceStatusCommand({ MaxResults: 5 }))
    assert.equal(first.InstanceStatuses?.length, 5)
    const second = await ec2.send(
      new DescribeInstanceStatusCommand({ MaxResults: 5, NextToken: first.NextToken }),
    )
    assert.deepEqual(
      second.InstanceStatuses?.map((each) => each.InstanceId),
      [instanceId(6)],
    )
    assert.equal(second.NextToken, undefined)
  })

  test('the refusals of DescribeInstances', async () => {
    await using server = await withLost(0)
    const refused: readonly (readonly [DescribeInstanceStatusCommandInput, string])[] = [
      [{ InstanceIds: [instanceId(9)] }, 'InvalidInstanceID.NotFound'],
      [{ InstanceIds: ['web'] }, 'InvalidInstanceID.Malformed'],
      [{ InstanceIds: [instanceId(1)], MaxResults: 5 }, 'InvalidParameterCombination'],
      [{ Filters: [{ Name: 'tag:role', Values: ['web'] }] }, 'InvalidParameterValue'],
      [{ MaxResults: 1 }, 'InvalidParameterValue'],
      [{ NextToken: 'x' }, 'InvalidPaginationToken'],
      [{ DryRun: true }, 'DryRunOperation'],
    ]
    for (const [input, name] of refused) await assert.rejects(statuses(server, input), { name })
  })

  test('UnauthorizedOperation — without the permission', async () => {
    await using server = await withLost(0)
    const ec2 = server.sdk(EC2Client, await server.user())
    await assert.rejects(ec2.send(new DescribeInstanceStatusCommand({})), { name: 'UnauthorizedOperation' })
  })
})
