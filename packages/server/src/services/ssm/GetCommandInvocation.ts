import type { GetCommandInvocationRequest, GetCommandInvocationResult } from '@aws-sdk/client-ssm'
import { findNode } from '../../fleet/find-node.ts'
import { nodeIdOf } from '../../fleet/node-id.ts'
import { openSteps } from '../../fleet/sealing.ts'
import type { Context } from '../../gateway/context.ts'
import { readOperation } from '../../gateway/operation.ts'
import type { Command, Invocation, StepOutcome } from '../../store/commands.ts'
import { noSuchInvocation, noSuchPlugin } from './command-errors.ts'
import { demandCommandId } from './command-id.ts'
import { NO_LOG_GROUP, shownStatus } from './command-view.ts'
import { pluginStatus, printedBy } from './plugin-view.ts'

/** Before a step has run to its end. */
const NO_RESPONSE = -1

/**
 * What one node made of a command: of its only step, or of the one that the caller names. Of a document of several
 * steps, without a name, it tells how the whole of it stands, and no output.
 *
 * @see https://docs.aws.amazon.com/systems-manager/latest/APIReference/API_GetCommandInvocation.html
 */
export const GetCommandInvocation = readOperation<GetCommandInvocationRequest, GetCommandInvocationResult>({
  action: 'ssm:GetCommandInvocation',

  async run({ CommandId, InstanceId, PluginName }, ctx) {
    const place = { account: ctx.account, region: ctx.region }
    const { commands, nodes } = ctx.store
    const id = demandCommandId(CommandId)
    const command = await commands.find(place, id)
    const invocation = command && (await commands.invocation(place, id, nodeIdOf(InstanceId) ?? ''))
    if (!invocation) throw noSuchInvocation()
    const stepName = await wantedStep(ctx, command, PluginName)
    const outcomes = await commands.outcomes(place, id, invocation.instanceId)
    const outcome = outcomes.find(({ name }) => name === stepName)
    const node = await findNode(nodes, place, invocation.instanceId)
    return {
      CommandId: id,
      InstanceId: invocation.instanceId,
      Comment: command.comment,
      DocumentName: command.documentName,
      DocumentVersion: command.documentVersion,
      PluginName: stepName ?? '',
      ...(PluginName !== undefined && outcome
        ? pluginStatus(outcome)
        : shownStatus(invocation.status, node, ctx.clock.now())),
      ...responseOf(invocation, stepName === undefined ? outcomes.at(-1) : outcome),
      ...(stepName === undefined ? NO_OUTPUT : outputOf(ctx, invocation, outcome)),
      StandardOutputUrl: '',
      StandardErrorUrl: '',
      CloudWatchOutputConfig: NO_LOG_GROUP,
    }
  },
})

/** The step that the answer is about; none where there are several and none is named. */
async function wantedStep(
  ctx: Context,
  command: Command,
  named: string | undefined,
): Promise<string | undefined> {
  const content = await ctx.store.commands.content(command, command.id)
  const part = { account: command.account, region: command.region, commandId: command.id }
  const names = content ? openSteps(ctx.keyring, part, content.steps).map(({ name }) => name) : []
  if (named === undefined) return names.length === 1 ? names[0] : undefined
  if (!names.includes(named)) throw noSuchPlugin()
  return named
}

type Response = Pick<
  GetCommandInvocationResult,
  'ResponseCode' | 'ExecutionStartDateTime' | 'ExecutionElapsedTime' | 'ExecutionEndDateTime'
>

function responseOf({ startedAt }: Invocation, outcome: StepOutcome | undefined): Response {
  if (!outcome) {
    return {
      ResponseCode: NO_RESPONSE,
      ExecutionStartDateTime: startedAt?.toISOString() ?? '',
      ExecutionElapsedTime: '',
      ExecutionEndDateTime: '',
    }
  }
  const elapsedMs = Math.max(0, outcome.endedAt.getTime() - outcome.startedAt.getTime())
  return {
    ResponseCode: outcome.exitCode,
    ExecutionStartDateTime: outcome.startedAt.toISOString(),
    ExecutionElapsedTime: `PT${elapsedMs / 1000}S`,
    ExecutionEndDateTime: outcome.endedAt.toISOString(),
  }
}

type Output = Pick<GetCommandInvocationResult, 'StandardOutputContent' | 'StandardErrorContent'>

const NO_OUTPUT: Output = { StandardOutputContent: '', StandardErrorContent: '' }

function outputOf(ctx: Context, invocation: Invocation, outcome: StepOutcome | undefined): Output {
  if (!outcome) return NO_OUTPUT
  const { stdout, stderr } = printedBy(ctx, invocation, outcome)
  return { StandardOutputContent: stdout, StandardErrorContent: stderr }
}
