import type { DescribeRegionsRequest, DescribeRegionsResult, Region } from '@aws-sdk/client-ec2'
import { readOperation } from '../../gateway/operation.ts'
import { endDryRun } from './dry-run.ts'
import { invalidValue } from './errors.ts'
import { compileFilters, fieldsOf } from './filters.ts'

const field = fieldsOf<Region>({
  endpoint: ({ Endpoint = '' }) => [Endpoint],
  'opt-in-status': ({ OptInStatus = '' }) => [OptInStatus],
  'region-name': ({ RegionName = '' }) => [RegionName],
})

/**
 * Tells which regions the server has.
 *
 * @see https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_DescribeRegions.html
 */
export const DescribeRegions = readOperation<DescribeRegionsRequest, DescribeRegionsResult>({
  action: 'ec2:DescribeRegions',

  async run(input, ctx) {
    const { RegionNames = [], Filters = [] } = input
    endDryRun(input)
    const unknown = RegionNames.filter((name) => !ctx.regions.includes(name))
    if (unknown.length > 0) throw invalidValue(`Invalid region names: [${unknown.join(', ')}]`)
    const named = ctx.regions.filter((name) => RegionNames.length === 0 || RegionNames.includes(name))
    return { Regions: named.map(regionView).filter(compileFilters(Filters, field)) }
  },
})

// DIVERGENCE: the endpoint is Amazon's name for it, as a server knows none of its own names for sure.
function regionView(name: string): Region {
  return {
    RegionName: name,
    Endpoint: `ec2.${name}.amazonaws.com`,
    OptInStatus: 'opt-in-not-required',
  }
}
