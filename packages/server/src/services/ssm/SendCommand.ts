import type { SendCommandRequest, SendCommandResult } from '@aws-sdk/client-ssm'
import type { NodeStep, Validated } from '@lockstep/wire'
import { documentTarget, type FoundDocument } from '../../fleet/find-document.ts'
import { nodeIdOf } from '../../fleet/node-id.ts'
import { nodeTarget } from '../../fleet/node-target.ts'
import { sealParameters, sealSteps } from '../../fleet/sealing.ts'
import { settle } from '../../fleet/settle.ts'
import { selectedNodes, selectionOf } from '../../fleet/targets.ts'
import type { Context, WriteContext } from '../../gateway/context.ts'
import { writeOperation } from '../../gateway/operation.ts'
import type { Command, Invocation } from '../../store/commands.ts'
import type { FleetNode } from '../../store/nodes.ts'
import {
  duplicateInstanceId,
  noAlarms,
  nodesNotValid,
  noLogGroups,
  noNotifications,
  noOutputFolder,
  targetsMissing,
  unsupportedTarget,
} from './command-errors.ts'
import { commandView } from './command-view.ts'
import { findSentDocument, readSentDocument, type SentDocument, stepsOf } from './sent-document.ts'

type Input = Validated<SendCommandRequest>

/** @see https://docs.aws.amazon.com/systems-manager/latest/APIReference/API_SendCommand.html */
const DEFAULT_VERSION = '$DEFAULT'
const DEFAULT_TIMEOUT_SECONDS = 3600
const DEFAULT_MAX_CONCURRENCY = '50'
const DEFAULT_MAX_ERRORS = '0'

const ACTION = 'ssm:SendCommand'

interface Asked {
  readonly found: FoundDocument
  /** By `mi-` id, those of `InstanceIds` that there are. */
  readonly named: ReadonlyMap<string, FleetNode>
}

/**
 * Sends a document to nodes: named ones, or those with certain tags. It needs leave for the document and for every
 * node. One that is named and may not be touched, or is not there, fails the call; of those that tags reach, the ones
 * that may not be touched get nothing, and their invocations say so.
 *
 * @see https://docs.aws.amazon.com/systems-manager/latest/APIReference/API_SendCommand.html
 */
export const SendCommand = writeOperation<SendCommandRequest, SendCommandResult, Asked>({
  action: ACTION,
  resource: async (input, ctx) => ({
    found: await findSentDocument(ctx, input),
    named: await namedNodes(ctx, input.InstanceIds ?? []),
  }),
  target: ({ DocumentName }, ctx, asked) => documentTarget(ctx, DocumentName, asked?.found),
  also: ({ InstanceIds = [] }, ctx, { named }) =>
    InstanceIds.map((id) => ({
      action: ACTION,
      target: nodeTarget(ctx, id, named.get(nodeIdOf(id) ?? '')),
    })),

  async run(input, ctx, { found, named }) {
    refuseUnavailable(input)
    const sent = await readSentDocument(ctx, found, input)
    const steps = stepsOf(sent, input)
    const invocations = await invocationsOf(ctx, input, named)
    const command = newCommand(ctx, input, { sent, steps, target: invocations.length })
    const part = { account: command.account, region: command.region, commandId: command.id }
    const { Parameters = {} } = input
    const content = {
      parameters: sealParameters(ctx.keyring, part, Parameters),
      steps: sealSteps(ctx.keyring, part, steps),
    }
    await ctx.store.commands.insert(command, content, invocations)
    const settled = await settle(ctx.store, command, { random: ctx.random, now: ctx.clock.now() })
    return { Command: commandView(settled, Parameters) }
  },
})

async function namedNodes(ctx: Context, ids: readonly string[]): Promise<ReadonlyMap<string, FleetNode>> {
  const nodeIds = ids.flatMap((id) => nodeIdOf(id) ?? [])
  const place = { account: ctx.account, region: ctx.region }
  // DeregisterManagedInstance changes nodes under the same lock, so that these stay what they are.
  const found = await ctx.store.nodes.list(place, { ids: nodeIds, limit: nodeIds.length })
  return new Map(found.map((node) => [node.id, node]))
}

function refuseUnavailable(input: Input): void {
  if (input.OutputS3BucketName || input.OutputS3KeyPrefix || input.OutputS3Region) throw noOutputFolder()
  if (input.NotificationConfig?.NotificationArn || input.ServiceRoleArn) throw noNotifications()
  const logs = input.CloudWatchOutputConfig
  if (logs?.CloudWatchOutputEnabled || logs?.CloudWatchLogGroupName) throw noLogGroups()
  if (input.AlarmConfiguration) throw noAlarms()
}

type NewInvocation = Pick<Invocation, 'instanceId' | 'status' | 'endedAt'>

async function invocationsOf(
  ctx: WriteContext,
  { InstanceIds = [], Targets = [] }: Input,
  named: ReadonlyMap<string, FleetNode>,
): Promise<readonly NewInvocation[]> {
  if (InstanceIds.length > 0 === Targets.length > 0) throw targetsMissing()
  if (Targets.length > 0) return targetedInvocations(ctx, Targets)
  const ids = InstanceIds.map((id) => nodeIdOf(id) ?? id)
  if (new Set(ids).size < ids.length) throw duplicateInstanceId()
  const missing = InstanceIds.filter((id) => !named.has(nodeIdOf(id) ?? ''))
  if (missing.length > 0) throw nodesNotValid(missing, ctx.account)
  return ids.map((instanceId) => ({ instanceId, status: 'Waiting' }))
}

/** Each node that is reached is asked about anew: to send to a tag is not to be allowed all that has it. */
async function targetedInvocations(
  ctx: WriteContext,
  targets: NonNullable<Input['Targets']>,
): Promise<readonly NewInvocation[]> {
  const selection = selectionOf(targets)
  if (!selection) throw unsupportedTarget()
  const place = { account: ctx.account, region: ctx.region }
  const endedAt = ctx.clock.now()
  const nodes = await selectedNodes(ctx.store.nodes, place, selection)
  return nodes.map((node) => {
    const refused = ctx.refusal({ action: ACTION, target: nodeTarget(ctx, node.id, node) })
    const instanceId = node.id
    return refused ? { instanceId, status: 'AccessDenied', endedAt } : { instanceId, status: 'Waiting' }
  })
}

interface Sent {
  readonly sent: SentDocument
  readonly steps: readonly NodeStep[]
  readonly target: number
}

function newCommand(ctx: WriteContext, input: Input, { sent, steps, target }: Sent): Command {
  const requestedAt = ctx.clock.now()
  const { TimeoutSeconds: timeoutSeconds = DEFAULT_TIMEOUT_SECONDS } = input
  const runSeconds = steps.reduce((sum, step) => sum + step.timeoutSeconds, 0)
  return {
    account: ctx.account,
    region: ctx.region,
    id: ctx.random.uuid(),
    documentName: sent.found.name,
    documentVersion: input.DocumentVersion ?? DEFAULT_VERSION,
    documentHash: sent.hash,
    comment: input.Comment ?? '',
    instanceIds: (input.InstanceIds ?? []).map((id) => nodeIdOf(id) ?? id),
    targets: (input.Targets ?? []).map(({ Key = '', Values = [] }) => ({ key: Key, values: Values })),
    maxConcurrency: input.MaxConcurrency ?? DEFAULT_MAX_CONCURRENCY,
    maxErrors: input.MaxErrors ?? DEFAULT_MAX_ERRORS,
    timeoutSeconds,
    requestedAt,
    expiresAt: new Date(requestedAt.getTime() + (timeoutSeconds + runSeconds) * 1000),
    requesterArn: ctx.principal.arn,
    status: 'Pending',
    counts: { target, completed: 0, error: 0, deliveryTimedOut: 0 },
    // Due, until it is settled when to look.
    timerAt: requestedAt,
  }
}
