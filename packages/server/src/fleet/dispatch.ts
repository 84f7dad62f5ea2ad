import type { NodeCommand, NodeStep, Report, StepResult } from '@lockstep/wire'
import type { Keyring } from '../keyring/keyring.ts'
import type { EndedStatus, Invocation, StepOutcome } from '../store/commands.ts'
import type { Place, Readers, Writers } from '../store/store.ts'
import { beginBy } from './advance.ts'
import { type CommandPart, openSteps, sealPrinted } from './sealing.ts'
import { type SettleDoors, settle } from './settle.ts'

/** What the API shows of a step at most, in characters. */
const MAX_STDOUT_LENGTH = 24_000
const MAX_STDERR_LENGTH = 8_000

/** A node by its `mi-` id. */
export interface NodePlace extends Place {
  readonly instanceId: string
}

export interface DispatchDoors extends SettleDoors {
  readonly keyring: Keyring
}

type Tx = Pick<Writers, 'commands' | 'jobs'>

/** How a command ended on a node, as the node's agent reports it. */
export type NodeResult = Report['results'][number]

/**
 * What a node is to begin and has not been heard to begin, the oldest first. It may have begun; its ledger runs
 * nothing twice. Whoever holds a node's link asks again whenever `store.revision('commands')` has grown.
 */
export async function due(
  { store, keyring }: { readonly store: Pick<Readers, 'commands'>; readonly keyring: Keyring },
  node: NodePlace,
): Promise<readonly NodeCommand[]> {
  const open = await store.commands.openOf(node, node.instanceId)
  const commands: NodeCommand[] = []
  for (const invocation of open.toReversed()) {
    const { commandId, status, dispatchedAt } = invocation
    if (status !== 'Pending' || !dispatchedAt) continue
    const content = await store.commands.content(node, commandId)
    if (!content) continue
    const steps = openSteps(keyring, { ...node, commandId }, content.steps)
    commands.push({ commandId, notAfter: beginBy(invocation, dispatchedAt).toISOString(), steps })
  }
  return commands
}

/** The commands that a node is to stop, or not to begin. */
export async function cancelsFor(
  store: Pick<Readers, 'commands'>,
  node: NodePlace,
): Promise<readonly string[]> {
  const open = await store.commands.openOf(node, node.instanceId)
  return open
    .filter(({ status }) => status === 'Recalled' || status === 'Cancelling')
    .map(({ commandId }) => commandId)
}

/** What came of a report: `foreign` where the node was never sent such a command, `over` where that has ended. */
export type Heard = 'taken' | 'over' | 'foreign'

/** What a node tells of one command: that it has begun it, or how it has ended. */
export type News =
  | { readonly instanceId: string; readonly startedAt: Date }
  | { readonly instanceId: string; readonly result: NodeResult }

/**
 * Takes what nodes tell of one command, in this order, and settles the command once for all of it: that looks at every
 * node of the command. Answers what came of each. Harmless to repeat; of what a node was not sent, or what is over,
 * nothing comes.
 */
export async function takeNews(
  tx: Tx,
  of: CommandPart,
  news: readonly News[],
  doors: DispatchDoors,
): Promise<readonly Heard[]> {
  // The command's row first: whoever changes anything of it holds it.
  const command = await tx.commands.find(of, of.commandId)
  if (!command) return news.map(() => 'foreign')
  const content = news.some((each) => 'result' in each)
    ? await tx.commands.content(of, of.commandId)
    : undefined
  const steps = content ? openSteps(doors.keyring, of, content.steps) : []
  const heard: Heard[] = []
  for (const each of news) {
    const invocation = await tx.commands.invocation(of, of.commandId, each.instanceId)
    if (!invocation) heard.push('foreign')
    else if ('result' in each) heard.push(await takeEnd(tx, { of, invocation, steps }, each.result, doors))
    else heard.push(await takeStart(tx, of, invocation, each.startedAt))
  }
  if (heard.includes('taken')) await settle(tx, command, doors)
  return heard
}

async function takeStart(tx: Tx, place: Place, invocation: Invocation, startedAt: Date): Promise<Heard> {
  if (invocation.status !== 'Pending' && invocation.status !== 'Recalled') return 'over'
  const status = invocation.status === 'Pending' ? 'InProgress' : 'Cancelling'
  await tx.commands.setInvocation(place, { ...invocation, status, startedAt })
  return 'taken'
}

interface Ran {
  readonly of: CommandPart
  readonly invocation: Invocation
  readonly steps: readonly NodeStep[]
}

/**
 * An invocation ends once. What comes after it was given up is dropped: its status has been told, counted and acted
 * upon, and must not change any more.
 */
async function takeEnd(
  tx: Tx,
  { of, invocation, steps }: Ran,
  result: NodeResult,
  doors: DispatchDoors,
): Promise<Heard> {
  if (!wasSent(invocation)) return 'over'
  const ran = ranOf(steps, result.steps)
  const outcomes = ran.map((step) => outcomeOf(of, invocation.instanceId, step, doors))
  const startedAt = invocation.startedAt ?? outcomes[0]?.startedAt
  const status = endedAs(result.outcome, steps, ran)
  const ended = { ...invocation, status, startedAt, endedAt: outcomes.at(-1)?.endedAt ?? doors.now }
  await tx.commands.setInvocation(of, ended, outcomes)
  return 'taken'
}

/** A node is no more: what it was sent or was to be sent ends without it. */
export async function deregistered(tx: Tx, node: NodePlace, doors: SettleDoors): Promise<void> {
  for (const { commandId } of await tx.commands.openOf(node, node.instanceId)) {
    const command = await tx.commands.find(node, commandId)
    const invocation = command && (await tx.commands.invocation(node, commandId, node.instanceId))
    if (!invocation || invocation.endedAt) continue
    const status = invocation.startedAt ? 'Failed' : 'Undeliverable'
    await tx.commands.setInvocation(node, { ...invocation, status, endedAt: doors.now })
    await settle(tx, command, doors)
  }
}

/** A node reports of nothing that is not its turn yet, nor of what is over. */
function wasSent({ status }: Invocation): boolean {
  return status === 'Pending' || status === 'Recalled' || status === 'InProgress' || status === 'Cancelling'
}

/** Of the results, those of the command's own steps, in their order and each once: a node says no more than that. */
function ranOf(steps: readonly NodeStep[], results: readonly StepResult[]): readonly StepResult[] {
  return steps.flatMap(({ name }) => results.find((result) => result.name === name) ?? [])
}

function endedAs(
  outcome: NodeResult['outcome'],
  steps: readonly NodeStep[],
  ran: readonly StepResult[],
): EndedStatus {
  switch (outcome) {
    case 'TooLate':
      return 'DeliveryTimedOut'
    case 'Cancelled':
      return 'Cancelled'
    case 'Interrupted':
      return 'Failed'
    case 'Completed': {
      if (ran.some(({ status }) => status === 'TimedOut')) return 'ExecutionTimedOut'
      // A step that is not told of did not succeed.
      const succeeded = ran.filter(({ status }) => status === 'Success').length
      return succeeded === steps.length ? 'Success' : 'Failed'
    }
  }
}

function outcomeOf(
  command: CommandPart,
  instanceId: string,
  result: StepResult,
  { keyring, now }: DispatchDoors,
): StepOutcome {
  const printed = {
    stdout: result.stdout.slice(0, MAX_STDOUT_LENGTH).toWellFormed(),
    stderr: result.stderr.slice(0, MAX_STDERR_LENGTH).toWellFormed(),
  }
  return {
    name: result.name,
    status: result.status,
    exitCode: Math.trunc(result.exitCode) | 0,
    startedAt: instantOf(result.startedAt, now),
    endedAt: instantOf(result.endedAt, now),
    output: sealPrinted(keyring, { ...command, instanceId, stepName: result.name }, printed),
  }
}

/** A node's clock may say anything; what is no instant counts as now. */
function instantOf(text: string, now: Date): Date {
  const at = new Date(text)
  return Number.isNaN(at.getTime()) ? now : at
}
