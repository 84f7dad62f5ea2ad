import type {
  DescribeInstanceStatusRequest,
  DescribeInstanceStatusResult,
  InstanceStatus,
  InstanceStatusSummary,
} from '@aws-sdk/client-ec2'
import { ec2IdOf } from '../../fleet/node-id.ts'
import { ONLINE_MS, pingStatus } from '../../fleet/ping.ts'
import { readOperation } from '../../gateway/operation.ts'
import type { FleetNode } from '../../store/nodes.ts'
import { endDryRun } from './dry-run.ts'
import { notTogether } from './errors.ts'
import { compileFilters, type FieldOf, fieldsOf } from './filters.ts'
import { namedNodes, passingNodes } from './instances.ts'
import { pageOf } from './paging.ts'
import { RUNNING } from './view.ts'
import { zoneIdOf, zoneOf } from './zones.ts'

/**
 * Tells of each node whether it is heard of. All are running, so that IncludeAllInstances adds none.
 *
 * @see https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_DescribeInstanceStatus.html
 */
export const DescribeInstanceStatus = readOperation<
  DescribeInstanceStatusRequest,
  DescribeInstanceStatusResult
>({
  action: 'ec2:DescribeInstanceStatus',

  async run(input, ctx) {
    const { InstanceIds = [], Filters = [], MaxResults } = input
    if (InstanceIds.length > 0 && MaxResults !== undefined) throw notTogether('instancesSet', 'maxResults')
    endDryRun(input)
    const now = ctx.clock.now()
    const passes = compileFilters(Filters, statusField(now))
    const view = (node: FleetNode) => statusView(node, now)
    if (InstanceIds.length > 0) {
      const named = await namedNodes(ctx, InstanceIds)
      return { InstanceStatuses: named.filter(passes).map(view) }
    }
    const { items, next } = await pageOf(ctx, input, {
      of: ['ec2:DescribeInstanceStatus', JSON.stringify(Filters)],
      fetch: (page) => passingNodes(ctx, {}, passes, page),
      cursor: ({ id }) => id,
    })
    return { InstanceStatuses: items.map(view), ...(next !== undefined && { NextToken: next }) }
  },
})

function statusView(node: FleetNode, now: Date): InstanceStatus {
  const summary = summaryOf(node, now)
  return {
    AvailabilityZone: zoneOf(node.region),
    AvailabilityZoneId: zoneIdOf(node.region),
    InstanceId: ec2IdOf(node.id),
    InstanceState: RUNNING,
    InstanceStatus: summary,
    // DIVERGENCE: AWS tells the machine's status from its host's; here both say whether the node is heard of.
    SystemStatus: summary,
  }
}

function summaryOf(node: FleetNode, now: Date): InstanceStatusSummary {
  if (pingStatus(node, now) === 'Online')
    return { Status: 'ok', Details: [{ Name: 'reachability', Status: 'passed' }] }
  const ImpairedSince = new Date(node.lastSeenAt.getTime() + ONLINE_MS)
  return { Status: 'impaired', Details: [{ Name: 'reachability', Status: 'failed', ImpairedSince }] }
}

function statusField(now: Date): FieldOf<FleetNode> {
  const status = (node: FleetNode) => [summaryOf(node, now).Status ?? '']
  const reachability = (node: FleetNode) =>
    summaryOf(node, now).Details?.map((detail) => detail.Status ?? '') ?? []
  return fieldsOf<FleetNode>({
    'availability-zone': ({ region }) => [zoneOf(region)],
    'availability-zone-id': ({ region }) => [zoneIdOf(region)],
    'instance-state-code': () => [String(RUNNING.Code)],
    'instance-state-name': () => [String(RUNNING.Name)],
    'instance-status.reachability': reachability,
    'instance-status.status': status,
    'system-status.reachability': reachability,
    'system-status.status': status,
  })
}
