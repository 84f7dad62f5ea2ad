import type { Command, CommandCounts, CommandStatus, Ending, OpenStatus, Tally } from '../store/commands.ts'

/** How long a node that was not heard to begin is given to answer that it will not, or that it has. */
export const RECALL_SECONDS = 60

/** AWS keeps commands for 30 days. */
const KEPT_MS = 30 * 24 * 3600 * 1000

const OPEN: readonly OpenStatus[] = ['Waiting', 'Pending', 'Recalled', 'InProgress', 'Cancelling']
/** Those that take up a place of `MaxConcurrency`. */
const RUNNING: readonly OpenStatus[] = ['Pending', 'Recalled', 'InProgress', 'Cancelling']

/** What the rules look at. */
export type Ruled = Pick<
  Command,
  'maxConcurrency' | 'maxErrors' | 'timeoutSeconds' | 'expiresAt' | 'cancelRequestedAt' | 'counts'
>

/** Where the invocations of a command stand. */
export interface Standing {
  readonly tally: Tally
  /** When the turn came of the one that is `Pending` longest. */
  readonly pendingSince?: Date | undefined
}

/** Either some invocations are over, and the rest is to be asked after that; or this is what comes next. */
export type Plan =
  | { readonly kind: 'end'; readonly endings: readonly Ending[] }
  | {
      readonly kind: 'go'
      /** How many of those that wait get their turn. */
      readonly dispatch: number
      readonly status: CommandStatus
      readonly counts: CommandCounts
      /** When to look again at the latest, whatever nodes say until then. */
      readonly timerAt: Date
    }

/**
 * What is next for a command: the whole of Run Command's rate control, timeouts and statuses.
 *
 * The window of TimeoutSeconds is a node's own: it begins when it is the node's turn, so that those who wait for
 * others' turns do not lose theirs. What is not over when the command expires is given up, begun or not.
 *
 * @see https://docs.aws.amazon.com/systems-manager/latest/userguide/monitor-commands.html
 * @see https://docs.aws.amazon.com/systems-manager/latest/userguide/send-commands-multiple.html
 */
export function advance(command: Ruled, standing: Standing, now: Date): Plan {
  const endings = endingsAt(command, standing, now)
  if (endings.length > 0) return { kind: 'end', endings }
  const { tally } = standing
  const places = allowed(command.maxConcurrency, command.counts.target, 1) - sum(tally, RUNNING)
  const dispatch = Math.max(0, Math.min(tally.Waiting ?? 0, places))
  return {
    kind: 'go',
    dispatch,
    status: statusOf(command, tally),
    counts: countsOf(command, tally),
    timerAt: timerAt(command, standing, dispatch > 0 ? now : undefined),
  }
}

/** Whether nothing more happens to a command of this status. */
export function isOver(status: CommandStatus): boolean {
  return status !== 'Pending' && status !== 'InProgress' && status !== 'Cancelling'
}

/** When a command that is over is forgotten. */
export function forgottenAt({ expiresAt }: Pick<Command, 'expiresAt'>): Date {
  return new Date(expiresAt.getTime() + KEPT_MS)
}

/** The instant until which a node may begin what it was sent. */
export function beginBy(command: Pick<Command, 'timeoutSeconds' | 'expiresAt'>, dispatchedAt: Date): Date {
  return earliest([after(dispatchedAt, command.timeoutSeconds), command.expiresAt])
}

/**
 * `MaxConcurrency` or `MaxErrors` in numbers of nodes. A share is rounded down: never more than was allowed.
 * @param least What it is at least.
 */
export function allowed(limit: string, targets: number, least: 0 | 1): number {
  const number = Number.parseInt(limit, 10)
  return Math.max(least, limit.endsWith('%') ? Math.floor((targets * number) / 100) : number)
}

function endingsAt(command: Ruled, { tally, pendingSince }: Standing, now: Date): readonly Ending[] {
  const end = (from: readonly OpenStatus[], as: Ending['as'], more: Partial<Ending> = {}): Ending[] =>
    sum(tally, from) > 0 ? [{ from, as, at: now, ...more }] : []
  if (now >= command.expiresAt) {
    return [
      ...end(['Recalled', 'Cancelling'], 'Cancelled'),
      ...end(['Waiting', 'Pending', 'InProgress'], 'DeliveryTimedOut'),
    ]
  }
  const turn = new Date(now.getTime() - command.timeoutSeconds * 1000)
  const isLate = pendingSince !== undefined && pendingSince <= turn
  const { cancelRequestedAt } = command
  const isRecalled = cancelRequestedAt !== undefined && after(cancelRequestedAt, RECALL_SECONDS) <= now
  return [
    ...(isLate ? end(['Pending'], 'DeliveryTimedOut', { dispatchedBy: turn }) : []),
    ...(isRecalled ? end(['Recalled'], 'Cancelled') : []),
    ...(hasFailed(command, tally) ? end(['Waiting'], 'Terminated') : []),
  ]
}

function timerAt(command: Ruled, { tally, pendingSince }: Standing, turnAt: Date | undefined): Date {
  if (sum(tally, OPEN) === 0) return forgottenAt(command)
  const since = pendingSince ?? turnAt
  return earliest([
    command.expiresAt,
    ...(since ? [after(since, command.timeoutSeconds)] : []),
    ...(tally.Recalled && command.cancelRequestedAt
      ? [after(command.cancelRequestedAt, RECALL_SECONDS)]
      : []),
  ])
}

function statusOf(command: Ruled, tally: Tally): CommandStatus {
  const { target } = command.counts
  if (target === 0) return 'NoInstancesInTag'
  if (sum(tally, OPEN) > 0) {
    if (sum(tally, ['Waiting', 'Pending', 'InProgress']) === 0) return 'Cancelling'
    return sum(tally, ['Waiting', 'Pending', 'AccessDenied']) === target ? 'Pending' : 'InProgress'
  }
  return endOf(command, tally)
}

/** AccessDenied and Undeliverable do not count as errors; only AccessDenied keeps the rest from being a success. */
function endOf(command: Ruled, tally: Tally): CommandStatus {
  const { target } = command.counts
  const { Success = 0, Undeliverable = 0, AccessDenied = 0 } = tally
  if (tally.Cancelled) return 'Cancelled'
  if (hasFailed(command, tally)) return tally.Failed ? 'Failed' : 'ExecutionTimedOut'
  if ((tally.DeliveryTimedOut ?? 0) > maxErrors(command)) return 'DeliveryTimedOut'
  if (AccessDenied === target) return 'AccessDenied'
  if (AccessDenied > 0 || Undeliverable === target) return 'Failed'
  return Success + Undeliverable === target ? 'Success' : 'Incomplete'
}

function countsOf({ counts: { target } }: Ruled, tally: Tally): CommandCounts {
  return {
    target,
    completed: target - sum(tally, OPEN),
    error: errors(tally),
    deliveryTimedOut: tally.DeliveryTimedOut ?? 0,
  }
}

function hasFailed(command: Ruled, tally: Tally): boolean {
  return errors(tally) > maxErrors(command)
}

function errors({ Failed = 0, ExecutionTimedOut = 0 }: Tally): number {
  return Failed + ExecutionTimedOut
}

function maxErrors(command: Ruled): number {
  return allowed(command.maxErrors, command.counts.target, 0)
}

function sum(tally: Tally, statuses: readonly (keyof Tally)[]): number {
  return statuses.reduce((total, status) => total + (tally[status] ?? 0), 0)
}

function after(instant: Date, seconds: number): Date {
  return new Date(instant.getTime() + seconds * 1000)
}

function earliest(instants: readonly Date[]): Date {
  return new Date(Math.min(...instants.map((instant) => instant.getTime())))
}
