import type {
  AssociationExecutionFilter,
  AssociationExecution as AssociationExecutionView,
  DescribeAssociationExecutionsRequest,
  DescribeAssociationExecutionsResult,
} from '@aws-sdk/client-ssm'
import { overviewOf, reportedStandings, standings } from '../../fleet/association-status.ts'
import type { Context } from '../../gateway/context.ts'
import { readOperation } from '../../gateway/operation.ts'
import { readPage } from '../../gateway/paging.ts'
import type { Association, AssociationExecution } from '../../store/associations.ts'
import { onAssociation } from './associations.ts'
import { invalidNextToken } from './errors.ts'

const MAX_PAGE = 50
/** No more are remembered. */
const EVERY_EXECUTION = 100

interface Shown {
  readonly number: number
  readonly view: AssociationExecutionView
}

/**
 * From the newest execution down: each change of an association and each StartAssociationsOnce begins one.
 * @see https://docs.aws.amazon.com/systems-manager/latest/APIReference/API_DescribeAssociationExecutions.html
 */
export const DescribeAssociationExecutions = readOperation<
  DescribeAssociationExecutionsRequest,
  DescribeAssociationExecutionsResult,
  Association
>({
  action: 'ssm:DescribeAssociationExecutions',
  ...onAssociation,

  async run({ Filters = [], MaxResults: limit = MAX_PAGE, NextToken: token }, ctx, association) {
    const listing = {
      ...{ of: ['DescribeAssociationExecutions', association.id, JSON.stringify(Filters)], token, limit },
      fetch: (page: Page) => executionsBehind(ctx, association, { ...page, filters: Filters }),
      cursor: ({ number }: Shown) => String(number),
    }
    const { items, next } = await readPage(ctx, listing, invalidNextToken)
    return {
      AssociationExecutions: items.map(({ view }) => view),
      ...(next !== undefined && { NextToken: next }),
    }
  },
})

interface Page {
  readonly after: string | undefined
  readonly limit: number
}

// DIVERGENCE: what a node carries out by a schedule belongs to the execution that began when the association was last
// changed or started, with the time it last ran; Amazon begins another execution for each time.
async function executionsBehind(
  ctx: Context,
  association: Association,
  { after, limit, filters }: Page & { readonly filters: readonly AssociationExecutionFilter[] },
): Promise<readonly Shown[]> {
  const page = { before: after === undefined ? undefined : Number(after), limit: EVERY_EXECUTION }
  const wanted: Shown[] = []
  for (const execution of await ctx.store.associations.executions(association, page)) {
    if (wanted.length === limit) break
    const view = await executionView(ctx, association, execution)
    if (filters.every((filter) => passes(view, filter))) wanted.push({ number: execution.number, view })
  }
  return wanted
}

async function executionView(
  ctx: Context,
  association: Association,
  { number, id, associationVersion, createdAt }: AssociationExecution,
): Promise<AssociationExecutionView> {
  const nodes =
    number === association.execution
      ? await standings(ctx, association, ctx.clock.now())
      : await reportedStandings(ctx, association, number)
  const { status, counts } = overviewOf(nodes)
  const executed = nodes.flatMap(({ report }) => (report ? [report.executedAt.getTime()] : []))
  return {
    AssociationId: association.id,
    AssociationVersion: String(associationVersion),
    ExecutionId: id,
    Status: status,
    DetailedStatus: status,
    CreatedTime: createdAt,
    ...(executed.length > 0 && { LastExecutionDate: new Date(executed.reduce((a, b) => Math.max(a, b))) }),
    ResourceCountByStatus: `{${Object.entries(counts)
      .map(([name, count]) => `${name}=${count}`)
      .join(', ')}}`,
  }
}

function passes(
  view: AssociationExecutionView,
  { Key, Value = '', Type }: AssociationExecutionFilter,
): boolean {
  if (Key === 'ExecutionId') return view.ExecutionId === Value.toLowerCase()
  if (Key === 'Status') return view.Status === Value
  const [created, asked] = [view.CreatedTime?.getTime() ?? Number.NaN, Date.parse(Value)]
  if (Type === 'LESS_THAN') return created < asked
  return Type === 'GREATER_THAN' ? created > asked : created === asked
}
