import type { DescribeInstancesRequest, DescribeInstancesResult } from '@aws-sdk/client-ec2'
import { readOperation } from '../../gateway/operation.ts'
import { endDryRun } from './dry-run.ts'
import { notTogether } from './errors.ts'
import { compileFilters } from './filters.ts'
import { instanceField } from './instance-filters.ts'
import { namedNodes, passingNodes, selectionOf } from './instances.ts'
import { pageOf } from './paging.ts'
import { reservationView } from './view.ts'

/**
 * Shows the registered nodes of the fleet, as instances.
 *
 * @see https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_DescribeInstances.html
 */
export const DescribeInstances = readOperation<DescribeInstancesRequest, DescribeInstancesResult>({
  action: 'ec2:DescribeInstances',

  async run(input, ctx) {
    const { InstanceIds = [], Filters = [], MaxResults } = input
    if (InstanceIds.length > 0 && MaxResults !== undefined) throw notTogether('instancesSet', 'maxResults')
    endDryRun(input)
    const passes = compileFilters(Filters, instanceField)
    if (InstanceIds.length > 0) {
      const named = await namedNodes(ctx, InstanceIds)
      return { Reservations: named.filter(passes).map(reservationView) }
    }
    const { items, next } = await pageOf(ctx, input, {
      of: ['ec2:DescribeInstances', JSON.stringify(Filters)],
      fetch: (page) => passingNodes(ctx, selectionOf(Filters), passes, page),
      cursor: ({ id }) => id,
    })
    return { Reservations: items.map(reservationView), ...(next !== undefined && { NextToken: next }) }
  },
})
