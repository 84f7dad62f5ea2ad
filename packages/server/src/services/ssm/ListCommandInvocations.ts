import type {
  CommandInvocation,
  ListCommandInvocationsRequest,
  ListCommandInvocationsResult,
} from '@aws-sdk/client-ssm'
import { nodeIdOf } from '../../fleet/node-id.ts'
import type { Context } from '../../gateway/context.ts'
import { readOperation } from '../../gateway/operation.ts'
import { readPage } from '../../gateway/paging.ts'
import type { InvocationQuery, ListedInvocation } from '../../store/commands.ts'
import type { FleetNode } from '../../store/nodes.ts'
import { invocationFilters } from './command-filters.ts'
import { demandCommandId } from './command-id.ts'
import { NO_LOG_GROUP, shownStatus } from './command-view.ts'
import { invalidNextToken } from './errors.ts'
import { pluginView, printedBy } from './plugin-view.ts'

const MAX_PAGE = 50

/**
 * Lists what nodes made of commands, from the latest on; with details, what each step printed. A page may hold fewer
 * than were asked for where Status is Pending or Delayed: which of them it is depends on whether the node is there.
 *
 * @see https://docs.aws.amazon.com/systems-manager/latest/APIReference/API_ListCommandInvocations.html
 */
export const ListCommandInvocations = readOperation<
  ListCommandInvocationsRequest,
  ListCommandInvocationsResult
>({
  action: 'ssm:ListCommandInvocations',

  async run(input, ctx) {
    const { CommandId, InstanceId, Filters, Details, MaxResults = MAX_PAGE, NextToken } = input
    const place = { account: ctx.account, region: ctx.region }
    const commandId = CommandId === undefined ? undefined : demandCommandId(CommandId)
    const instanceId = InstanceId === undefined ? undefined : (nodeIdOf(InstanceId) ?? InstanceId)
    const { shown, ...filters } = invocationFilters(Filters)
    const { items, next } = await readPage(
      ctx,
      {
        of: ['ListCommandInvocations', JSON.stringify([CommandId, InstanceId, Filters])],
        token: NextToken,
        limit: MaxResults,
        fetch: ({ after, limit }) =>
          ctx.store.commands.invocations(place, {
            ...filters,
            ...{ commandId, instanceId, limit, after: read(after) },
          }),
        cursor: (each: ListedInvocation) =>
          `${each.requestedAt.getTime()}/${each.commandId}/${each.instanceId}`,
      },
      invalidNextToken,
    )
    const nodes = await nodesOf(ctx, items)
    const views = await Promise.all(
      items.map((each) => viewOf(ctx, each, { node: nodes.get(each.instanceId), details: Details ?? false })),
    )
    const isWanted = ({ Status }: CommandInvocation) =>
      (shown !== 'Pending' && shown !== 'Delayed') || Status === shown
    return { CommandInvocations: views.filter(isWanted), ...(next !== undefined && { NextToken: next }) }
  },
})

async function nodesOf(
  ctx: Context,
  items: readonly ListedInvocation[],
): Promise<ReadonlyMap<string, FleetNode>> {
  const ids = [...new Set(items.map(({ instanceId }) => instanceId))]
  const place = { account: ctx.account, region: ctx.region }
  const nodes = await ctx.store.nodes.list(place, { ids, limit: ids.length })
  return new Map(nodes.map((node) => [node.id, node]))
}

async function viewOf(
  ctx: Context,
  invocation: ListedInvocation,
  { node, details }: { readonly node: FleetNode | undefined; readonly details: boolean },
): Promise<CommandInvocation> {
  const { commandId, instanceId } = invocation
  const place = { account: ctx.account, region: ctx.region }
  const outcomes = details ? await ctx.store.commands.outcomes(place, commandId, instanceId) : []
  return {
    CommandId: commandId,
    InstanceId: instanceId,
    InstanceName: node?.name ?? node?.facts.hostname ?? '',
    Comment: invocation.comment,
    DocumentName: invocation.documentName,
    DocumentVersion: invocation.documentVersion,
    RequestedDateTime: invocation.requestedAt,
    ...shownStatus(invocation.status, node, ctx.clock.now()),
    TraceOutput: '',
    StandardOutputUrl: '',
    StandardErrorUrl: '',
    CommandPlugins: outcomes.map((outcome) => pluginView(outcome, printedBy(ctx, invocation, outcome))),
    ServiceRole: '',
    NotificationConfig: { NotificationArn: '', NotificationEvents: [] },
    CloudWatchOutputConfig: NO_LOG_GROUP,
  }
}

function read(cursor: string | undefined): InvocationQuery['after'] {
  if (cursor === undefined) return undefined
  const [at, commandId = '', instanceId = ''] = cursor.split('/')
  return { requestedAt: new Date(Number(at)), commandId, instanceId }
}
