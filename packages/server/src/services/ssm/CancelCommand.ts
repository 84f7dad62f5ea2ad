import type { CancelCommandRequest, CancelCommandResult } from '@aws-sdk/client-ssm'
import { nodeIdOf } from '../../fleet/node-id.ts'
import { settle } from '../../fleet/settle.ts'
import type { WriteContext } from '../../gateway/context.ts'
import { writeOperation } from '../../gateway/operation.ts'
import type { Command } from '../../store/commands.ts'
import { duplicateInstanceId, invalidCommandId, nodesNotValid } from './command-errors.ts'
import { demandCommandId } from './command-id.ts'

/**
 * Cancels a command, on all its nodes or on some: what has not begun never does, what runs is stopped by its node as
 * soon as that hears of it, and what is over stays as it is.
 *
 * @see https://docs.aws.amazon.com/systems-manager/latest/APIReference/API_CancelCommand.html
 */
export const CancelCommand = writeOperation<CancelCommandRequest, CancelCommandResult>({
  action: 'ssm:CancelCommand',

  async run({ CommandId, InstanceIds }, ctx) {
    const place = { account: ctx.account, region: ctx.region }
    const command = await ctx.store.commands.find(place, demandCommandId(CommandId))
    if (!command) throw invalidCommandId()
    const some = InstanceIds?.length ? await someOf(ctx, command, InstanceIds) : undefined
    const now = ctx.clock.now()
    await ctx.store.commands.cancel(place, command.id, now, some)
    await settle(ctx.store, { ...command, cancelRequestedAt: now }, { random: ctx.random, now })
    return {}
  },
})

/** @throws DuplicateInstanceId, InvalidInstanceId for a node that the command was not sent to */
async function someOf(
  { store, account }: WriteContext,
  command: Command,
  ids: readonly string[],
): Promise<readonly string[]> {
  const nodeIds = ids.map((id) => nodeIdOf(id) ?? id)
  if (new Set(nodeIds).size < nodeIds.length) throw duplicateInstanceId()
  for (const [i, nodeId] of nodeIds.entries()) {
    if (!(await store.commands.invocation(command, command.id, nodeId))) {
      throw nodesNotValid([ids[i] ?? nodeId], account)
    }
  }
  return nodeIds
}
