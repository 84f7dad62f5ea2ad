/** Run Command, from the sending of a script to how it ended on each node. */
import {
  CancelCommandCommand,
  type CommandInvocation,
  ListCommandInvocationsCommand,
  ListCommandsCommand,
  type ListCommandsRequest,
  SendCommandCommand,
  type SendCommandRequest,
  type Command as SentCommand,
  type SSMClient,
  type Target,
} from '@aws-sdk/client-ssm'
import { callFailed, RotationError } from '../rotation-error.ts'
import type { CommandResult, NodeCommand, Pace, RunOptions } from './fleet.ts'

export const DOCUMENT = 'AWS-RunShellScript'
export const MAX_CONCURRENCY = '50'
/** What one call takes. */
const MAX_INSTANCE_IDS = 50
const PAGE = 50
/** The script itself waits 30 seconds for another of its kind. */
const EXECUTION_SECONDS = '120'
/** The least and the most that SendCommand takes as the time in which a node is to begin, and a limit of our own. */
const [MIN_START_SECONDS, MAX_START_SECONDS] = [30, 3600]
const FIRST_LOOK_MS = 200
/** While nodes come to their ends, and while none does. */
const BUSY_LOOK_MS = 500
const SLOWEST_LOOK_MS = 3_000
/** Before what was sent is to be seen in lists. */
const LOOKS_UNTIL_LISTED = 3

export interface Commands {
  readonly ssm: SSMClient
  readonly tag: Target
  readonly pace: Pace
}

/** Several commands where there are more nodes than one takes. */
export async function runCommand(
  of: Commands,
  command: NodeCommand,
  options: RunOptions,
): Promise<ReadonlyMap<string, CommandResult>> {
  const endsAtMs = of.pace.now() + options.waitMs
  const sent: { readonly commandId: string; readonly awaited: ReadonlySet<string> }[] = []
  for (const target of targetsOf(of, command)) {
    const commandId =
      (await running(of, command, target)) ?? (await send(of, command, { target, ...options }))
    sent.push({ commandId, awaited: awaitedOf(target, options) })
  }
  const results = new Map<string, CommandResult>()
  for (const { commandId, awaited } of sent) {
    const ending = await ended(of, commandId, { awaited, endsAtMs })
    for (const [nodeId, result] of ending) results.set(nodeId, { ...result, commandId })
  }
  return results
}

/** Of the nodes that are awaited, those that a command with this target can end on. */
function awaitedOf({ Key, Values = [] }: Target, { awaited }: RunOptions): ReadonlySet<string> {
  if (Key !== 'InstanceIds') return new Set(awaited)
  const own = new Set(Values)
  return new Set(awaited.filter((id) => own.has(id)))
}

function targetsOf({ tag }: Commands, { nodeIds }: NodeCommand): readonly Target[] {
  if (nodeIds === undefined) return [tag]
  const targets: Target[] = []
  for (let at = 0; at < nodeIds.length; at += MAX_INSTANCE_IDS) {
    targets.push({ Key: 'InstanceIds', Values: nodeIds.slice(at, at + MAX_INSTANCE_IDS) })
  }
  return targets
}

/** Takes back every command with such a comment that has not ended: nodes that are away begin it no more. */
export async function recallCommands(
  { ssm }: Commands,
  isStale: (comment: string) => boolean,
): Promise<void> {
  const stale: string[] = []
  // All of them first: a list gets shorter with each that is taken back.
  for await (const { Comment = '', DocumentName, CommandId } of executing(ssm)) {
    if (DocumentName === DOCUMENT && CommandId !== undefined && isStale(Comment)) stale.push(CommandId)
  }
  for (const CommandId of stale) {
    try {
      await ssm.send(new CancelCommandCommand({ CommandId }))
    } catch (error) {
      throw callFailed('CancelCommand', error)
    }
  }
}

/** The id of a command that is the same and has not ended: one of an attempt that was killed. */
async function running(of: Commands, command: NodeCommand, target: Target): Promise<string | undefined> {
  const { script, comment } = command
  for await (const each of executing(of.ssm)) {
    const isSame =
      each.Comment === comment &&
      each.DocumentName === DOCUMENT &&
      isEqual(each.Parameters?.commands, script) &&
      isEqual(targetOf(each), [target.Key, ...(target.Values ?? [])])
    if (isSame && each.CommandId !== undefined) return each.CommandId
  }
  return undefined
}

async function* executing(ssm: SSMClient): AsyncGenerator<SentCommand> {
  let NextToken: string | undefined
  do {
    const page = await listCommands(ssm, {
      Filters: [{ key: 'ExecutionStage', value: 'Executing' }],
      MaxResults: PAGE,
      NextToken,
    })
    yield* page.commands
    NextToken = page.next
  } while (NextToken !== undefined)
}

function targetOf({ Targets, InstanceIds = [] }: SentCommand): readonly unknown[] {
  const [only, second] = Targets ?? []
  if (second) return []
  return only ? [only.Key, ...(only.Values ?? [])] : ['InstanceIds', ...InstanceIds]
}

function isEqual(left: unknown, right: unknown): boolean {
  return JSON.stringify(left) === JSON.stringify(right)
}

async function listCommands(ssm: SSMClient, request: ListCommandsRequest) {
  try {
    const answer = await ssm.send(new ListCommandsCommand(request))
    return { commands: answer.Commands ?? [], next: answer.NextToken || undefined }
  } catch (error) {
    throw callFailed('ListCommands', error)
  }
}

interface Sending {
  readonly target: Target
  readonly waitMs: number
}

async function send({ ssm }: Commands, command: NodeCommand, { target, waitMs }: Sending): Promise<string> {
  const { script, comment, maxErrors } = command
  const seconds = Math.ceil(waitMs / 1000)
  const request: SendCommandRequest = {
    DocumentName: DOCUMENT,
    Comment: comment,
    Parameters: { commands: [...script], executionTimeout: [EXECUTION_SECONDS] },
    ...(target.Key === 'InstanceIds' ? { InstanceIds: target.Values ?? [] } : { Targets: [target] }),
    MaxConcurrency: MAX_CONCURRENCY,
    MaxErrors: maxErrors,
    TimeoutSeconds: Math.min(Math.max(seconds, MIN_START_SECONDS), MAX_START_SECONDS),
  }
  try {
    const { Command } = await ssm.send(new SendCommandCommand(request))
    if (Command?.CommandId) return Command.CommandId
  } catch (error) {
    throw callFailed('SendCommand', error)
  }
  throw new RotationError('SendCommand answered without a CommandId.')
}

interface Waiting {
  readonly awaited: ReadonlySet<string>
  readonly endsAtMs: number
}

/**
 * How the command went on each node, once it has ended on those that are awaited. While it goes on its own row alone is
 * looked at: those of a thousand nodes are twenty calls.
 */
async function ended(
  { ssm, pace }: Commands,
  commandId: string,
  { awaited, endsAtMs }: Waiting,
): Promise<ReadonlyMap<string, CommandResult>> {
  let lookMs = FIRST_LOOK_MS
  let before: number | undefined
  for (let looks = 1; ; looks++) {
    const [command] = (await listCommands(ssm, { CommandId: commandId })).commands
    const isLast = pace.now() + lookMs >= endsAtMs
    if (isLast || mayHaveEnded(command, awaited.size)) {
      const results = await invocations(ssm, commandId)
      const open = [...awaited].filter((id) => (results.get(id)?.state ?? 'waiting') === 'waiting')
      // A command that is over has no further nodes, but lists may be behind.
      const isOver = looks >= LOOKS_UNTIL_LISTED && command !== undefined && isTerminal(command.Status)
      const isSettled = [...results.values()].every(({ state }) => state !== 'waiting')
      if (open.length === 0 || (isOver && isSettled) || isLast) return results
    }
    await pace.sleep(lookMs)
    const slowestMs = command?.CompletedCount === before ? SLOWEST_LOOK_MS : BUSY_LOOK_MS
    lookMs = Math.min(lookMs * 1.5, slowestMs)
    before = command?.CompletedCount
  }
}

/** Whether so many nodes may have ended; those that have are not always those that are awaited. */
function mayHaveEnded(command: SentCommand | undefined, nodes: number): boolean {
  if (command?.CompletedCount === undefined || isTerminal(command.Status)) return true
  return command.CompletedCount >= nodes
}

async function invocations(ssm: SSMClient, CommandId: string): Promise<ReadonlyMap<string, CommandResult>> {
  const results = new Map<string, CommandResult>()
  let NextToken: string | undefined
  do {
    try {
      const page = await ssm.send(
        new ListCommandInvocationsCommand({ CommandId, Details: true, MaxResults: PAGE, NextToken }),
      )
      for (const each of page.CommandInvocations ?? []) {
        if (each.InstanceId !== undefined) results.set(each.InstanceId, resultOf(each))
      }
      NextToken = page.NextToken || undefined
    } catch (error) {
      throw callFailed('ListCommandInvocations', error)
    }
  } while (NextToken !== undefined)
  return results
}

const TERMINAL = ['Success', 'Cancelled', 'Failed', 'TimedOut']
/** Nobody was there: nothing ran, and nothing is wrong with the node. */
const UNDELIVERED = ['DeliveryTimedOut', 'Undeliverable', 'Terminated']

function isTerminal(status: string | undefined): boolean {
  return status !== undefined && TERMINAL.includes(status)
}

function resultOf({ Status, StatusDetails, CommandPlugins }: CommandInvocation): CommandResult {
  const details = StatusDetails || Status || 'no status'
  const output = CommandPlugins?.[0]?.Output ?? ''
  if (Status === 'Success') return { state: 'done', details: output }
  if (!isTerminal(Status)) return { state: 'waiting', details }
  if (UNDELIVERED.includes(details)) return { state: 'undelivered', details }
  return { state: 'failed', details: said(details, output) }
}

/** What our own script says of itself. Anything else that a node prints could be anything. */
function said(details: string, output: string): string {
  const sentence = /^lockstep: [ -~]{1,200}$/m.exec(output)?.[0]
  return sentence === undefined ? details : `${details}, ${sentence.slice('lockstep: '.length)}`
}
