import type { Command as CommandView, ListCommandsRequest, ListCommandsResult } from '@aws-sdk/client-ssm'
import { nodeIdOf } from '../../fleet/node-id.ts'
import { openParameters } from '../../fleet/sealing.ts'
import type { Context } from '../../gateway/context.ts'
import { readOperation } from '../../gateway/operation.ts'
import { readPage } from '../../gateway/paging.ts'
import type { Command } from '../../store/commands.ts'
import { commandFilters } from './command-filters.ts'
import { demandCommandId } from './command-id.ts'
import { commandView } from './command-view.ts'
import { invalidNextToken } from './errors.ts'

const MAX_PAGE = 50

/**
 * Lists commands from the latest on, for as long as they are kept.
 *
 * @see https://docs.aws.amazon.com/systems-manager/latest/APIReference/API_ListCommands.html
 */
export const ListCommands = readOperation<ListCommandsRequest, ListCommandsResult>({
  action: 'ssm:ListCommands',

  async run({ CommandId, InstanceId, Filters, MaxResults = MAX_PAGE, NextToken }, ctx) {
    const place = { account: ctx.account, region: ctx.region }
    const commandId = CommandId === undefined ? undefined : demandCommandId(CommandId)
    const instanceId = InstanceId === undefined ? undefined : (nodeIdOf(InstanceId) ?? InstanceId)
    const filters = commandFilters(Filters)
    const { items, next } = await readPage(
      ctx,
      {
        of: ['ListCommands', JSON.stringify([CommandId, InstanceId, Filters])],
        token: NextToken,
        limit: MaxResults,
        fetch: ({ after, limit }) =>
          ctx.store.commands.list(place, { ...filters, commandId, instanceId, limit, after: read(after) }),
        cursor: ({ requestedAt, id }: Command) => `${requestedAt.getTime()}/${id}`,
      },
      invalidNextToken,
    )
    const Commands = await Promise.all(items.map((command) => viewOf(ctx, command)))
    return { Commands, ...(next !== undefined && { NextToken: next }) }
  },
})

async function viewOf(ctx: Context, command: Command): Promise<CommandView> {
  const { account, region, id: commandId } = command
  const content = await ctx.store.commands.content(command, commandId)
  const part = { account, region, commandId }
  return commandView(command, content ? openParameters(ctx.keyring, part, content.parameters) : {})
}

function read(cursor: string | undefined): { readonly requestedAt: Date; readonly id: string } | undefined {
  if (cursor === undefined) return undefined
  const [at, id = ''] = cursor.split('/')
  return { requestedAt: new Date(Number(at)), id }
}
