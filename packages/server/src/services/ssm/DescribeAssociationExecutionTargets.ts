import type {
  AssociationExecutionTargetsFilter,
  DescribeAssociationExecutionTargetsRequest,
  DescribeAssociationExecutionTargetsResult,
} from '@aws-sdk/client-ssm'
import { type NodeStanding, reportedStandings, standings } from '../../fleet/association-status.ts'
import { nodeIdOf } from '../../fleet/node-id.ts'
import { readOperation } from '../../gateway/operation.ts'
import { readPage } from '../../gateway/paging.ts'
import type { Association } from '../../store/associations.ts'
import { noSuchExecution } from './association-errors.ts'
import { onAssociation } from './associations.ts'
import { invalidNextToken } from './errors.ts'

const MAX_PAGE = 50
const RESOURCE_TYPE = 'ManagedInstance'

/**
 * The nodes of an execution, by id, and how each stands.
 * @see https://docs.aws.amazon.com/systems-manager/latest/APIReference/API_DescribeAssociationExecutionTargets.html
 */
export const DescribeAssociationExecutionTargets = readOperation<
  DescribeAssociationExecutionTargetsRequest,
  DescribeAssociationExecutionTargetsResult,
  Association
>({
  action: 'ssm:DescribeAssociationExecutionTargets',
  ...onAssociation,

  async run(input, ctx, association) {
    const { Filters = [], MaxResults: limit = MAX_PAGE, NextToken: token } = input
    const executionId = input.ExecutionId.toLowerCase()
    const execution = await ctx.store.associations.executionOfId(association, executionId)
    if (!execution) throw noSuchExecution()
    const nodes =
      execution.number === association.execution
        ? await standings(ctx, association, ctx.clock.now())
        : await reportedStandings(ctx, association, execution.number)
    const wanted = nodes.filter((node) => Filters.every((filter) => passes(node, filter)))
    const listing = {
      of: ['DescribeAssociationExecutionTargets', executionId, JSON.stringify(Filters)],
      ...{ token, limit },
      fetch: async ({
        after = '',
        limit: most,
      }: {
        readonly after: string | undefined
        readonly limit: number
      }) => wanted.filter(({ node }) => node > after).slice(0, most),
      cursor: ({ node }: NodeStanding) => node,
    }
    const { items, next } = await readPage(ctx, listing, invalidNextToken)
    return {
      AssociationExecutionTargets: items.map(({ node, status, detailedStatus, report }) => ({
        AssociationId: association.id,
        AssociationVersion: String(execution.associationVersion),
        ExecutionId: execution.id,
        ResourceId: node,
        ResourceType: RESOURCE_TYPE,
        Status: status,
        DetailedStatus: detailedStatus,
        ...(report && { LastExecutionDate: report.executedAt }),
      })),
      ...(next !== undefined && { NextToken: next }),
    }
  },
})

function passes(
  { node, status }: NodeStanding,
  { Key, Value = '' }: AssociationExecutionTargetsFilter,
): boolean {
  if (Key === 'Status') return status === Value
  return Key === 'ResourceType' ? Value === RESOURCE_TYPE : node === nodeIdOf(Value)
}
