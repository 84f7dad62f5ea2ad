import type {
  AvailabilityZone,
  DescribeAvailabilityZonesRequest,
  DescribeAvailabilityZonesResult,
} from '@aws-sdk/client-ec2'
import { readOperation } from '../../gateway/operation.ts'
import { endDryRun } from './dry-run.ts'
import { invalidValue } from './errors.ts'
import { compileFilters, fieldsOf } from './filters.ts'
import { zoneIdOf, zoneOf } from './zones.ts'

const field = fieldsOf<AvailabilityZone>({
  'group-name': ({ GroupName = '' }) => [GroupName],
  'opt-in-status': ({ OptInStatus = '' }) => [OptInStatus],
  'region-name': ({ RegionName = '' }) => [RegionName],
  state: ({ State = '' }) => [State],
  'zone-id': ({ ZoneId = '' }) => [ZoneId],
  'zone-name': ({ ZoneName = '' }) => [ZoneName],
  'zone-type': ({ ZoneType = '' }) => [ZoneType],
})

/**
 * Tells of the caller's region's one zone.
 *
 * @see https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_DescribeAvailabilityZones.html
 */
export const DescribeAvailabilityZones = readOperation<
  DescribeAvailabilityZonesRequest,
  DescribeAvailabilityZonesResult
>({
  action: 'ec2:DescribeAvailabilityZones',

  async run(input, { region }) {
    const { ZoneNames = [], ZoneIds = [], Filters = [] } = input
    endDryRun(input)
    refuseOthers('availability zones', ZoneNames, zoneOf(region))
    refuseOthers('availability zone ids', ZoneIds, zoneIdOf(region))
    return { AvailabilityZones: [zoneView(region)].filter(compileFilters(Filters, field)) }
  },
})

function refuseOthers(what: string, named: readonly string[], known: string): void {
  const unknown = named.filter((each) => each !== known)
  if (unknown.length > 0) throw invalidValue(`Invalid ${what}: [${unknown.join(', ')}]`)
}

function zoneView(region: string): AvailabilityZone {
  return {
    GroupName: region,
    NetworkBorderGroup: region,
    OptInStatus: 'opt-in-not-required',
    RegionName: region,
    State: 'available',
    ZoneId: zoneIdOf(region),
    ZoneName: zoneOf(region),
    ZoneType: 'availability-zone',
  }
}
