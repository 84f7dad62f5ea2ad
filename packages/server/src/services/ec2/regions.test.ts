import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { DescribeAvailabilityZonesCommand, DescribeRegionsCommand, EC2Client } from '@aws-sdk/client-ec2'
import { startServer } from '../../testing/server.ts'
import { ec2Of } from './ec2.test-support.ts'
import { zoneIdOf } from './zones.ts'

const TWO_REGIONS = { settings: { regions: 'eu-central-1' } }

describe('DescribeRegions', () => {
  test('200 — the regions of the server, by name and by filter', async () => {
    await using server = await startServer(TWO_REGIONS)
    const ec2 = ec2Of(server)
    const { Regions } = await ec2.send(new DescribeRegionsCommand({ AllRegions: true }))
    assert.deepEqual(Regions, [
      {
        RegionName: 'us-east-1',
        Endpoint: 'ec2.us-east-1.amazonaws.com',
        OptInStatus: 'opt-in-not-required',
      },
      {
        RegionName: 'eu-central-1',
        Endpoint: 'ec2.eu-central-1.amazonaws.com',
        OptInStatus: 'opt-in-not-required',
      },
    ])
    const named = await ec2.send(new DescribeRegionsCommand({ RegionNames: ['eu-central-1'] }))
    assert.deepEqual(
      named.Regions?.map((each) => each.RegionName),
      ['eu-central-1'],
    )
    const Filters = [{ Name: 'region-name', Values: ['us-*'] }]
    const filtered = await ec2.send(new DescribeRegionsCommand({ Filters }))
    assert.deepEqual(
      filtered.Regions?.map((each) => each.RegionName),
      ['us-east-1'],
    )
  })

  test('what is refused', async () => {
    await using server = await startServer()
    const ec2 = ec2Of(server)
    await assert.rejects(ec2.send(new DescribeRegionsCommand({ RegionNames: ['us-east-1', 'mars-1'] })), {
      name: 'InvalidParameterValue',
      message: 'Invalid region names: [mars-1]',
    })
    await assert.rejects(ec2.send(new DescribeRegionsCommand({ DryRun: true })), { name: 'DryRunOperation' })
    const nobody = server.sdk(EC2Client, await server.user())
    await assert.rejects(nobody.send(new DescribeRegionsCommand({})), { name: 'UnauthorizedOperation' })
  })
})

describe('DescribeAvailabilityZones', () => {
  test('200 — the one zone of the region that was called', async () => {
    await using server = await startServer(TWO_REGIONS)
    const ec2 = server.sdk(EC2Client, server.admin, 'eu-central-1')
    const zone = {
      GroupName: 'eu-central-1',
      NetworkBorderGroup: 'eu-central-1',
      OptInStatus: 'opt-in-not-required',
      RegionName: 'eu-central-1',
      State: 'available',
      ZoneId: 'euc1-az1',
      ZoneName: 'eu-central-1a',
      ZoneType: 'availability-zone',
    }
    for (const input of [{}, { ZoneNames: ['eu-central-1a'] }, { ZoneIds: ['euc1-az1'] }]) {
      const { AvailabilityZones } = await ec2.send(new DescribeAvailabilityZonesCommand(input))
      assert.deepEqual(AvailabilityZones, [zone])
    }
    const Filters = [{ Name: 'state', Values: ['unavailable'] }]
    assert.deepEqual(
      (await ec2.send(new DescribeAvailabilityZonesCommand({ Filters }))).AvailabilityZones,
      [],
    )
  })

  test('what is refused', async () => {
    await using server = await startServer()
    const ec2 = ec2Of(server)
    await assert.rejects(ec2.send(new DescribeAvailabilityZonesCommand({ ZoneNames: ['us-east-1b'] })), {
      name: 'InvalidParameterValue',
      message: 'Invalid availability zones: [us-east-1b]',
    })
    const byId = new DescribeAvailabilityZonesCommand({ ZoneIds: ['use1-az2'] })
    await assert.rejects(ec2.send(byId), { name: 'InvalidParameterValue' })
    const dry = new DescribeAvailabilityZonesCommand({ DryRun: true })
    await assert.rejects(ec2.send(dry), { name: 'DryRunOperation' })
    const nobody = server.sdk(EC2Client, await server.user())
    await assert.rejects(nobody.send(new DescribeAvailabilityZonesCommand({})), {
      name: 'UnauthorizedOperation',
    })
  })

  test('ids of zones are as Amazon has them', () => {
    const ids = ['us-east-1', 'ap-southeast-2', 'us-gov-west-1', 'ap-northeast-1', 'ca-central-1'].map(
      zoneIdOf,
    )
    assert.deepEqual(ids, ['use1-az1', 'apse2-az1', 'usgw1-az1', 'apne1-az1', 'cac1-az1'])
  })
})
