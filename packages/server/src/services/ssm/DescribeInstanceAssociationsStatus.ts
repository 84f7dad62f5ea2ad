import type {
  DescribeInstanceAssociationsStatusRequest,
  DescribeInstanceAssociationsStatusResult,
  InstanceAssociationStatusInfo,
} from '@aws-sdk/client-ssm'
import { standingOf } from '../../fleet/association-status.ts'
import { planOf } from '../../fleet/desired.ts'
import type { Context } from '../../gateway/context.ts'
import { readOperation } from '../../gateway/operation.ts'
import { readPage } from '../../gateway/paging.ts'
import type { Association, ExecutionTarget } from '../../store/associations.ts'
import type { FleetNode } from '../../store/nodes.ts'
import { invalidNextToken } from './errors.ts'
import { associationsOfNode, onNodeAssociations } from './node-associations.ts'

const MAX_PAGE = 50

/**
 * How the associations that are meant for a node stand there.
 * @see https://docs.aws.amazon.com/systems-manager/latest/APIReference/API_DescribeInstanceAssociationsStatus.html
 */
export const DescribeInstanceAssociationsStatus = readOperation<
  DescribeInstanceAssociationsStatusRequest,
  DescribeInstanceAssociationsStatusResult,
  FleetNode
>({
  action: 'ssm:DescribeInstanceAssociationsStatus',
  ...onNodeAssociations,

  async run({ MaxResults: limit = MAX_PAGE, NextToken: token }, ctx, node) {
    const listing = {
      ...{ of: ['DescribeInstanceAssociationsStatus', node.id], token, limit },
      fetch: (page: { readonly after: string | undefined; readonly limit: number }) =>
        associationsOfNode(ctx, node, page),
      cursor: ({ id }: Association) => id,
    }
    const { items, next } = await readPage(ctx, listing, invalidNextToken)
    const reports = await ctx.store.associations.targetsOfNode(node, node.id)
    const infos: InstanceAssociationStatusInfo[] = []
    for (const association of items) {
      const report = reports.find((each) => each.association === association.id)
      infos.push(await infoOf(ctx, { association, node, report }))
    }
    return { InstanceAssociationStatusInfos: infos, ...(next !== undefined && { NextToken: next }) }
  },
})

interface OnNode {
  readonly association: Association
  readonly node: FleetNode
  readonly report: ExecutionTarget | undefined
}

async function infoOf(
  ctx: Context,
  { association, node, report }: OnNode,
): Promise<InstanceAssociationStatusInfo> {
  const { id, document, version, settings } = association
  const plan = await planOf(ctx, association, ctx.clock.now())
  const standing = standingOf(node, report, plan?.version)
  return {
    AssociationId: id,
    Name: document,
    DocumentVersion: settings.documentVersion,
    AssociationVersion: String(version),
    InstanceId: node.id,
    Status: standing.status,
    DetailedStatus: standing.detailedStatus,
    ...(standing.report && {
      ExecutionDate: standing.report.executedAt,
      ExecutionSummary: summaryOf(standing.report),
    }),
    ...(settings.associationName !== undefined && { AssociationName: settings.associationName }),
  }
}

/** As Amazon's agent sums up. */
function summaryOf({ steps: { success, failed, timedOut } }: ExecutionTarget): string {
  const all = success + failed + timedOut
  return `${all} out of ${all} plugin${all > 1 ? 's' : ''} processed, ${success} success, ${failed} failed, ${timedOut} timedout, 0 skipped. `
}
