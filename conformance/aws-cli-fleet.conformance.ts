/** The fleet's nodes through the real `aws` command: as instances of EC2 and as managed nodes of Systems Manager. */
import assert from 'node:assert/strict'
import { describe } from 'node:test'
import type {
  DescribeAvailabilityZonesResult,
  DescribeInstanceStatusResult,
  DescribeInstancesResult,
  DescribeRegionsResult,
  DescribeTagsResult,
} from '@aws-sdk/client-ec2'
import type { DescribeInstanceInformationResult, ListTagsForResourceResult } from '@aws-sdk/client-ssm'
import { AwsCli } from './aws-cli.ts'
import { needing } from './components.ts'
import { plantNodes } from './planted-nodes.ts'
import { type Caller, callerOf, newUser } from './sdk.ts'
import { sharedServer } from './server.ts'

const WEB = 'i-0123456789abcdef0'
const DB = 'i-0123456789abcdef1'
const HOST_KEY = 'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIBERERERERERERERERERERERERERERERERERERERERER'
/** Longer ago than nodes that are Online were heard of. */
const LONG_AGO_MS = 10 * 60 * 1000

describe('aws ec2 and aws ssm', { concurrency: 2 }, () => {
  const hooks = needing('aws-cli')
  const { test, before } = hooks
  const server = sharedServer(hooks)
  let admin: Caller
  let cli: AwsCli
  before(async () => {
    const env = await server().administrator()
    admin = callerOf(env)
    cli = new AwsCli(env)
    const common = { hostKeys: [HOST_KEY], seenAt: new Date() }
    await plantNodes(server().directory, admin, [
      {
        ...{ ...common, digits: WEB.slice(2), hostname: 'web-1', ipAddress: '192.0.2.1' },
        tags: { RotateSSHKeys: 'True', role: 'web' },
      },
      {
        ...{ ...common, digits: DB.slice(2), hostname: 'db-1', ipAddress: '192.0.2.2', tags: {} },
        seenAt: new Date(Date.now() - LONG_AGO_MS),
      },
    ])
  })

  test('describe-instances finds nodes by tag, and shows their addresses and the host keys to pin', async () => {
    const filters = ['Name=tag:RotateSSHKeys,Values=True', 'Name=instance-state-name,Values=running']
    const { Reservations = [] } = await cli.run<DescribeInstancesResult>('ec2 describe-instances', {
      filters,
    })
    const found = Reservations.flatMap(({ Instances = [] }) => Instances)
    assert.deepEqual(
      found.map(({ InstanceId }) => InstanceId),
      [WEB],
    )
    assert.partialDeepStrictEqual(found[0], {
      PrivateIpAddress: '192.0.2.1',
      PrivateDnsName: 'web-1',
      Placement: { AvailabilityZone: 'us-east-1a' },
      State: { Code: 16, Name: 'running' },
    })
    const tags = new Map(found[0]?.Tags?.map(({ Key, Value }) => [Key, Value]))
    assert.equal(tags.get('lockstep:host-key-1'), HOST_KEY)
    assert.equal(tags.get('lockstep:ssh-port'), '22')
  })

  test('describe-instances pages by itself', async () => {
    const paged = await cli.run<DescribeInstancesResult>('ec2 describe-instances', { 'page-size': 5 })
    assert.equal(paged.Reservations?.length, 2)
  })

  test('describe-instance-status tells which node is not heard of', async () => {
    const { InstanceStatuses } = await cli.run<DescribeInstanceStatusResult>('ec2 describe-instance-status', {
      filters: ['Name=instance-status.status,Values=impaired'],
    })
    assert.deepEqual(
      InstanceStatuses?.map(({ InstanceId }) => InstanceId),
      [DB],
    )
  })

  test('create-tags and delete-tags change the tags that both services show', async () => {
    const tagsOf = async () => {
      const asked = { 'resource-type': 'ManagedInstance', 'resource-id': DB.replace('i-', 'mi-') }
      return (await cli.run<ListTagsForResourceResult>('ssm list-tags-for-resource', asked)).TagList
    }
    await cli.run('ec2 create-tags', { resources: [DB], tags: ['Key=role,Value=db', 'Key=env,Value='] })
    const filters = [`Name=resource-id,Values=${DB}`, 'Name=key,Values=role,env']
    const { Tags } = await cli.run<DescribeTagsResult>('ec2 describe-tags', { filters })
    assert.deepEqual(Tags, [
      { Key: 'env', ResourceId: DB, ResourceType: 'instance', Value: '' },
      { Key: 'role', ResourceId: DB, ResourceType: 'instance', Value: 'db' },
    ])
    assert.equal((await tagsOf())?.length, 2)
    await cli.run('ec2 delete-tags', { resources: [DB], tags: ['Key=env', 'Key=role,Value=web'] })
    assert.deepEqual(await tagsOf(), [{ Key: 'role', Value: 'db' }])
  })

  test('the host keys that are shown are nobody’s to change', async () => {
    const tags = ['Key=lockstep:host-key-1,Value=forged']
    const refused = await cli.refused('ec2 create-tags', { resources: [WEB], tags })
    assert.equal(refused.code, 'InvalidParameterValue')
    const removed = await cli.refused('ec2 delete-tags', {
      resources: [WEB],
      tags: ['Key=lockstep:host-key-1'],
    })
    assert.equal(removed.code, 'InvalidParameterValue')
  })

  test('row 36: changing tags needs its own permission, and both the change and the refusal are in the trail', async () => {
    const read = { Effect: 'Allow', Action: ['ec2:Describe*', 'ssm:*'], Resource: '*' }
    const reader = cli.as(await newUser(admin, 'row36', read))
    await reader.run('ec2 describe-instances')
    const tagging = { resources: [WEB], tags: ['Key=team,Value=red'] }
    const refused = await reader.refused('ec2 create-tags', tagging)
    assert.equal(refused.code, 'UnauthorizedOperation')
    assert.match(
      refused.message,
      /ec2:CreateTags on resource: arn:aws:ec2:us-east-1:\d{12}:instance\/i-0123456789abcdef0 /,
    )
    await cli.run('ec2 create-tags', tagging)
    const events = await cli.run<{ Events: { Username?: string; CloudTrailEvent: string }[] }>(
      'cloudtrail lookup-events',
      { 'lookup-attributes': ['AttributeKey=EventName,AttributeValue=CreateTags'] },
    )
    const told = events.Events.map(({ CloudTrailEvent }) => JSON.parse(CloudTrailEvent))
    const ofTeam = told.filter((event) => JSON.stringify(event.requestParameters).includes('team'))
    assert.deepEqual(
      ofTeam.map(({ errorCode }) => errorCode),
      [undefined, 'UnauthorizedOperation'],
    )
  })

  test('the refusals of EC2 arrive with their codes and sentences', async () => {
    const missing = await cli.refused('ec2 describe-instances', { 'instance-ids': ['i-0123456789abcdef9'] })
    assert.deepEqual(missing, {
      code: 'InvalidInstanceID.NotFound',
      message: "The instance ID 'i-0123456789abcdef9' does not exist",
    })
    const malformed = await cli.refused('ec2 describe-instances', { 'instance-ids': ['i-web'] })
    assert.equal(malformed.code, 'InvalidInstanceID.Malformed')
    const dry = await cli.refused('ec2 describe-instances', { 'dry-run': true })
    assert.deepEqual(dry, {
      code: 'DryRunOperation',
      message: 'Request would have succeeded, but DryRun flag is set.',
    })
    const stranger = cli.as({ accessKeyId: 'AKIAIOSFODNN7EXAMPLE', secretAccessKey: 'wrong' })
    assert.deepEqual(await stranger.refused('ec2 describe-instances'), {
      code: 'AuthFailure',
      message: 'AWS was not able to validate the provided access credentials',
    })
    assert.equal((await cli.refused('ec2 describe-vpcs')).code, 'InvalidAction')
  })

  test('describe-regions and describe-availability-zones', async () => {
    const { Regions } = await cli.run<DescribeRegionsResult>('ec2 describe-regions')
    assert.deepEqual(
      Regions?.map(({ RegionName }) => RegionName),
      ['us-east-1'],
    )
    const { AvailabilityZones } = await cli.run<DescribeAvailabilityZonesResult>(
      'ec2 describe-availability-zones',
    )
    assert.deepEqual(
      AvailabilityZones?.map(({ ZoneName }) => ZoneName),
      ['us-east-1a'],
    )
  })

  test('describe-instance-information shows the same nodes by their other ids', async () => {
    const { InstanceInformationList = [] } = await cli.run<DescribeInstanceInformationResult>(
      'ssm describe-instance-information',
    )
    assert.deepEqual(
      InstanceInformationList.map(({ InstanceId, PingStatus }) => `${InstanceId} ${PingStatus}`),
      ['mi-0123456789abcdef0 Online', 'mi-0123456789abcdef1 ConnectionLost'],
    )
  })
})
