import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { DescribeInstancesCommand, type DescribeInstancesCommandInput, EC2Client } from '@aws-sdk/client-ec2'
import { putNodes, testNode, testNodeId } from '../../fleet/nodes.test-support.ts'
import { startServer, TEST_ACCOUNT, type TestServer } from '../../testing/server.ts'
import { ec2Of, instanceId } from './ec2.test-support.ts'

async function idsOf(server: TestServer, input: DescribeInstancesCommandInput = {}) {
  const { Reservations = [] } = await ec2Of(server).send(new DescribeInstancesCommand(input))
  return Reservations.flatMap(({ Instances = [] }) => Instances.map((each) => each.InstanceId))
}

function filter(Name: string, ...Values: string[]): DescribeInstancesCommandInput {
  return { Filters: [{ Name, Values }] }
}

const ALL = [instanceId(1), instanceId(2), instanceId(3)]

/** Three nodes: a web server, a database without tags, and one by another address. */
async function withThree(): Promise<TestServer> {
  const server = await startServer()
  const at = server.clock.now()
  await putNodes(
    server,
    { tags: { role: 'web', RotateSSHKeys: 'True', 'odd*key': 'a*b' } },
    { facts: { ...testNode(2, at).facts, hostname: 'db', ipAddress: '192.0.2.2' } },
    { facts: { ...testNode(3, at).facts, ipAddress: '2001:db8::3' }, tags: { role: 'worker' } },
  )
  return server
}

describe('DescribeInstances', () => {
  test('200 — a node with what it told, its tags, and those of its sshd that only the server writes', async () => {
    await using server = await startServer()
    await putNodes(server, {
      tags: { role: 'web' },
      hostKeys: ['ssh-ed25519 AAAA1', 'ecdsa-sha2-nistp256 AAAA2'],
    })
    const { Reservations } = await ec2Of(server).send(new DescribeInstancesCommand({}))
    assert.deepEqual(Reservations, [
      {
        ReservationId: 'r-00000000000000001',
        OwnerId: TEST_ACCOUNT,
        Groups: [],
        Instances: [
          {
            PrivateIpAddress: '192.0.2.1',
            AmiLaunchIndex: 0,
            ImageId: 'ami-00000000000000000',
            InstanceId: instanceId(1),
            InstanceType: 'm5.metal',
            LaunchTime: server.clock.now(),
            Monitoring: { State: 'disabled' },
            Placement: { AvailabilityZone: 'us-east-1a', GroupName: '', Tenancy: 'default' },
            PlatformDetails: 'Linux/UNIX',
            PrivateDnsName: 'host-1',
            PublicDnsName: '',
            StateTransitionReason: '',
            State: { Code: 16, Name: 'running' },
            SubnetId: 'subnet-00000000000000000',
            VpcId: 'vpc-00000000000000000',
            Tags: [
              { Key: 'role', Value: 'web' },
              { Key: 'lockstep:ssh-port', Value: '22' },
              { Key: 'lockstep:host-key-1', Value: 'ssh-ed25519 AAAA1' },
              { Key: 'lockstep:host-key-2', Value: 'ecdsa-sha2-nistp256 AAAA2' },
            ],
          },
        ],
      },
    ])
  })

  test('200 — an address of IPv6 is shown as one', async () => {
    await using server = await withThree()
    const { Reservations } = await ec2Of(server).send(
      new DescribeInstancesCommand({ InstanceIds: [instanceId(3)] }),
    )
    const [node] = Reservations?.[0]?.Instances ?? []
    assert.equal(node?.Ipv6Address, '2001:db8::3')
    assert.equal(node?.PrivateIpAddress, undefined)
  })

  test('200 — what was tagged or written by the node cannot pass for the server’s own tag', async () => {
    await using server = await startServer()
    await putNodes(server, {
      tags: { 'lockstep:host-key-1': 'ssh-ed25519 FORGED', 'lockstep:ssh-port': '1' },
    })
    const { Reservations } = await ec2Of(server).send(new DescribeInstancesCommand({}))
    assert.deepEqual(Reservations?.[0]?.Instances?.[0]?.Tags, [
      { Key: 'lockstep:host-key-1', Value: 'ssh-ed25519 AAAA1' },
      { Key: 'lockstep:ssh-port', Value: '22' },
    ])
  })

  test('200 — neither deregistered nodes nor those of other accounts and regions', async () => {
    await using server = await startServer()
    await putNodes(
      server,
      {},
      { state: 'deregistered' },
      { account: '444455556666' },
      { region: 'eu-west-1' },
    )
    assert.deepEqual(await idsOf(server), [instanceId(1)])
  })

  test('200 — nodes by id, each once', async () => {
    await using server = await withThree()
    const InstanceIds = [instanceId(3), instanceId(1), instanceId(3)]
    assert.deepEqual(await idsOf(server, { InstanceIds }), [instanceId(1), instanceId(3)])
  })

  test('200 — filters find nodes by ids, tags, addresses, names, state and network', async () => {
    await using server = await withThree()
    const found: readonly (readonly [DescribeInstancesCommandInput, readonly string[]])[] = [
      [filter('instance-id', instanceId(2), instanceId(3)), [instanceId(2), instanceId(3)]],
      [filter('instance-id', testNodeId(2)), []],
      [filter('instance-id', '*2'), [instanceId(2)]],
      [filter('tag:role', 'web', 'db'), [instanceId(1)]],
      [filter('tag:role', 'w*'), [instanceId(1), instanceId(3)]],
      [filter('tag:role', 'WEB'), []],
      [filter('tag:Role', 'web'), []],
      [filter('tag:odd*key', 'a\\*b'), [instanceId(1)]],
      [filter('tag:RotateSSHKeys', 'True'), [instanceId(1)]],
      [filter('tag:lockstep:ssh-port', '22'), ALL],
      [filter('tag-key', 'role'), [instanceId(1), instanceId(3)]],
      [filter('tag-value', 'worker'), [instanceId(3)]],
      [filter('private-ip-address', '192.0.2.2'), [instanceId(2)]],
      [filter('ipv6-address', '2001:db8::3'), [instanceId(3)]],
      [filter('private-dns-name', 'db'), [instanceId(2)]],
      [filter('instance-state-name', 'running'), ALL],
      [filter('instance-state-code', '16'), ALL],
      [filter('instance-state-name', 'stopped', 'terminated'), []],
      [filter('vpc-id', 'vpc-00000000000000000'), ALL],
      [filter('subnet-id', 'subnet-1'), []],
      [filter('availability-zone', 'us-east-1?'), ALL],
      [filter('reservation-id', 'r-00000000000000002'), [instanceId(2)]],
      [{ InstanceIds: [...ALL], ...filter('tag:role', 'web') }, [instanceId(1)]],
    ]
    for (const [input, ids] of found) assert.deepEqual(await idsOf(server, input), ids, JSON.stringify(input))
  })

  test('200 — several filters must all be passed, each by one value', async () => {
    await using server = await withThree()
    const Filters = [
      { Name: 'tag-key', Values: ['role'] },
      { Name: 'tag:role', Values: ['worker', 'db'] },
    ]
    assert.deepEqual(await idsOf(server, { Filters }), [instanceId(3)])
  })

  test('200 — pages follow one another to the end, filtered ones too', async () => {
    await using server = await startServer()
    await putNodes(server, ...Array.from({ length: 24 }, (_, i) => ({ tags: { even: String(i % 2 === 1) } })))
    const ec2 = ec2Of(server)
    const pages: (string | undefined)[][] = []
    let NextToken: string | undefined
    do {
      const input = { ...filter('tag:even', 't?ue'), MaxResults: 5, NextToken }
      const page = await ec2.send(new DescribeInstancesCommand(input))
      pages.push(page.Reservations?.map((each) => each.Instances?.[0]?.InstanceId) ?? [])
      NextToken = page.NextToken
    } while (NextToken)
    assert.deepEqual(
      pages.map((page) => page.length),
      [5, 5, 2],
    )
    assert.deepEqual(
      pages.flat(),
      Array.from({ length: 12 }, (_, i) => instanceId(2 * i + 2)),
    )
  })

  test('InvalidInstanceID.NotFound — one that is not registered, and several', async () => {
    await using server = await startServer()
    await putNodes(server, {}, { state: 'deregistered' })
    await assert.rejects(idsOf(server, { InstanceIds: [instanceId(1), instanceId(2)] }), {
      name: 'InvalidInstanceID.NotFound',
      message: `The instance ID '${instanceId(2)}' does not exist`,
    })
    await assert.rejects(idsOf(server, { InstanceIds: [instanceId(8), instanceId(9)] }), {
      message: `The instance IDs '${instanceId(8)}, ${instanceId(9)}' do not exist`,
    })
    await assert.rejects(idsOf(server, { InstanceIds: ['i-12345678'] }), {
      name: 'InvalidInstanceID.NotFound',
    })
  })

  test('InvalidInstanceID.Malformed — what no instance is called, the id that Systems Manager has too', async () => {
    await using server = await withThree()
    await assert.rejects(idsOf(server, { InstanceIds: ['i-xyz'] }), {
      name: 'InvalidInstanceID.Malformed',
      message: 'Invalid id: "i-xyz"',
    })
    for (const id of [testNodeId(1), 'web', `${instanceId(1)}0`])
      await assert.rejects(idsOf(server, { InstanceIds: [id] }), { name: 'InvalidInstanceID.Malformed' }, id)
  })

  test('InvalidParameterValue — an unknown filter, a size that no page has', async () => {
    await using server = await withThree()
    await assert.rejects(idsOf(server, filter('colour', 'red')), {
      name: 'InvalidParameterValue',
      message: "The filter 'colour' is invalid",
    })
    await assert.rejects(idsOf(server, filter('constructor', 'red')), { name: 'InvalidParameterValue' })
    await assert.rejects(idsOf(server, filter('tag:a', 'x'.repeat(1025))), { name: 'InvalidParameterValue' })
    await assert.rejects(idsOf(server, { MaxResults: 4 }), {
      name: 'InvalidParameterValue',
      message: 'Value ( 4 ) for parameter maxResults is invalid. Expecting a value greater than 5.',
    })
  })

  test('FilterLimitExceeded, InvalidRequest — more values and ids than one call takes', async () => {
    await using server = await withThree()
    const many = Array.from({ length: 201 }, (_, i) => String(i))
    await assert.rejects(idsOf(server, filter('tag:a', ...many)), { name: 'FilterLimitExceeded' })
    const InstanceIds = Array.from({ length: 1001 }, (_, i) => instanceId(i))
    await assert.rejects(idsOf(server, { InstanceIds }), { name: 'InvalidRequest' })
  })

  test('InvalidParameterCombination — ids and a page’s size', async () => {
    await using server = await withThree()
    await assert.rejects(idsOf(server, { InstanceIds: [instanceId(1)], MaxResults: 5 }), {
      name: 'InvalidParameterCombination',
      message: 'The parameter instancesSet cannot be used with the parameter maxResults',
    })
  })

  test('InvalidPaginationToken — a token that was made up, or for other filters', async () => {
    await using server = await startServer()
    await putNodes(server, ...Array.from({ length: 6 }, () => ({})))
    const { NextToken } = await ec2Of(server).send(new DescribeInstancesCommand({ MaxResults: 5 }))
    assert.ok(NextToken)
    for (const input of [{ NextToken: 'x' }, { NextToken, ...filter('tag-key', 'a') }])
      await assert.rejects(idsOf(server, input), { name: 'InvalidPaginationToken' })
  })

  test('DryRunOperation — who is permitted learns it and nothing else', async () => {
    await using server = await withThree()
    await assert.rejects(idsOf(server, { DryRun: true }), {
      name: 'DryRunOperation',
      message: 'Request would have succeeded, but DryRun flag is set.',
    })
  })

  test('UnauthorizedOperation — who is not, whatever was asked', async () => {
    await using server = await withThree()
    const user = await server.user({ Effect: 'Allow', Action: 'ec2:DescribeTags', Resource: '*' })
    const ec2 = server.sdk(EC2Client, user)
    for (const input of [{}, { DryRun: true }, { InstanceIds: [instanceId(9)] }])
      await assert.rejects(ec2.send(new DescribeInstancesCommand(input)), {
        name: 'UnauthorizedOperation',
        message: `You are not authorized to perform this operation. User: ${user.arn} is not authorized to perform: ec2:DescribeInstances because no identity-based policy allows the ec2:DescribeInstances action`,
      })
  })
})
