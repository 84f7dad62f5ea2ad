import type {
  DescribeInstanceInformationRequest,
  DescribeInstanceInformationResult,
  InstanceInformation,
} from '@aws-sdk/client-ssm'
import { pingStatus } from '../../fleet/ping.ts'
import { readOperation } from '../../gateway/operation.ts'
import { readPage } from '../../gateway/paging.ts'
import type { FleetNode } from '../../store/nodes.ts'
import { invalidNextToken } from './errors.ts'
import { compileInstanceFilters, RESOURCE_TYPE } from './instance-filters.ts'
import { filteredPage } from './listing.ts'

const MAX_PAGE = 50

/**
 * Lists nodes by id with what is known of them. DIVERGENCE: AWS answers ten where the caller does not say how many;
 * we answer fifty, as many as may be asked for.
 *
 * @see https://docs.aws.amazon.com/systems-manager/latest/APIReference/API_DescribeInstanceInformation.html
 */
export const DescribeInstanceInformation = readOperation<
  DescribeInstanceInformationRequest,
  DescribeInstanceInformationResult
>({
  action: 'ssm:DescribeInstanceInformation',

  async run(input, ctx) {
    const { Filters, InstanceInformationFilterList, MaxResults = MAX_PAGE, NextToken } = input
    const { selection, passes } = compileInstanceFilters(input)
    const place = { account: ctx.account, region: ctx.region }
    const now = ctx.clock.now()
    const listing = {
      of: ['DescribeInstanceInformation', JSON.stringify([Filters, InstanceInformationFilterList])],
      token: NextToken,
      limit: MaxResults,
      fetch: (page: { readonly after: string | undefined; readonly limit: number }) =>
        filteredPage(
          page,
          (stretch) => ctx.store.nodes.list(place, { ...selection, ...stretch }),
          (node) => passes(node, now),
        ),
      cursor: ({ id }: FleetNode) => id,
    }
    const { items, next } = await readPage(ctx, listing, invalidNextToken)
    return {
      InstanceInformationList: items.map((each) => viewOf(each, now)),
      ...(next !== undefined && { NextToken: next }),
    }
  },
})

function viewOf(node: FleetNode, now: Date): InstanceInformation {
  const { facts } = node
  return {
    InstanceId: node.id,
    PingStatus: pingStatus(node, now),
    LastPingDateTime: node.lastSeenAt,
    AgentVersion: facts.agentVersion,
    PlatformType: facts.platformType,
    PlatformName: facts.platformName,
    PlatformVersion: facts.platformVersion,
    ActivationId: node.activationId,
    IamRole: node.iamRole,
    RegistrationDate: node.registeredAt,
    ResourceType: RESOURCE_TYPE,
    ...(node.name !== undefined && { Name: node.name }),
    IPAddress: facts.ipAddress,
    ComputerName: facts.hostname,
    SourceId: node.id,
    SourceType: 'AWS::SSM::ManagedInstance',
  }
}
