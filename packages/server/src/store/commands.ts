import type { Place } from './store.ts'

/** The one job of a command: brings it forward when a time of it is over, and removes it in the end. */
export const ADVANCE_COMMAND = 'advance-command'

/**
 * Where what one node is to do stands. `Waiting`: for its turn; `Pending`: for the node to begin; `Recalled`: to be
 * cancelled, before the node was heard to begin; `Cancelling`: to be cancelled, after it.
 */
export type OpenStatus = 'Waiting' | 'Pending' | 'Recalled' | 'InProgress' | 'Cancelling'
export type EndedStatus =
  | 'Success'
  | 'Cancelled'
  | 'Failed'
  | 'ExecutionTimedOut'
  | 'DeliveryTimedOut'
  | 'Undeliverable'
  | 'Terminated'
  | 'AccessDenied'
export type InvocationStatus = OpenStatus | EndedStatus

/** As StatusDetails names it. */
export type CommandStatus =
  | 'Pending'
  | 'InProgress'
  | 'Cancelling'
  | 'Success'
  | 'Cancelled'
  | 'Failed'
  | 'ExecutionTimedOut'
  | 'DeliveryTimedOut'
  | 'Incomplete'
  | 'AccessDenied'
  | 'NoInstancesInTag'

export interface CommandTarget {
  readonly key: string
  readonly values: readonly string[]
}

/** Of the invocations: how many there are, and have ended, and how. */
export interface CommandCounts {
  readonly target: number
  readonly completed: number
  readonly error: number
  readonly deliveryTimedOut: number
}

/** What was sent to nodes, and how far they are with it. */
export interface Command extends Place {
  /** A UUID. */
  readonly id: string
  readonly documentName: string
  readonly documentVersion: string
  readonly documentHash: string
  readonly comment: string
  /** As the caller wrote them. */
  readonly instanceIds: readonly string[]
  readonly targets: readonly CommandTarget[]
  /** A number, or a share in percent. */
  readonly maxConcurrency: string
  readonly maxErrors: string
  /** How long a node has to begin, once it is its turn. */
  readonly timeoutSeconds: number
  readonly requestedAt: Date
  /** What is not over by then is given up. */
  readonly expiresAt: Date
  readonly requesterArn: string
  readonly status: CommandStatus
  readonly counts: CommandCounts
  readonly cancelRequestedAt?: Date | undefined
  /** When the job that waits for the command runs. */
  readonly timerAt: Date
}

/** What of a command may hold anything, and is read only where it is needed. Sealed by the keyring, JSON. */
export interface CommandContent {
  readonly parameters: Uint8Array
  /** The steps, parameters put in. */
  readonly steps: Uint8Array
}

/** What one node makes of a command. */
export interface Invocation {
  readonly commandId: string
  /** The node's `mi-` id. */
  readonly instanceId: string
  readonly status: InvocationStatus
  /** When it was the node's turn. */
  readonly dispatchedAt?: Date | undefined
  readonly startedAt?: Date | undefined
  readonly endedAt?: Date | undefined
}

/** An invocation with what a list shows of its command. */
export interface ListedInvocation extends Invocation {
  readonly documentName: string
  readonly documentVersion: string
  readonly comment: string
  readonly requestedAt: Date
  readonly expiresAt: Date
  readonly timeoutSeconds: number
}

/** How one step of a document went on one node. */
export interface StepOutcome {
  readonly name: string
  readonly status: 'Success' | 'Failed' | 'TimedOut' | 'Cancelled'
  readonly exitCode: number
  readonly startedAt: Date
  readonly endedAt: Date
  /** JSON of what it printed, sealed by the keyring. */
  readonly output: Uint8Array
}

/** How many invocations of a command have each status; absent: none. */
export type Tally = Readonly<Partial<Record<InvocationStatus, number>>>

interface Since {
  readonly invokedAfter?: Date | undefined
  readonly invokedBefore?: Date | undefined
  readonly documentName?: string | undefined
  readonly commandId?: string | undefined
  /** Only what this node, by its `mi-` id, was sent. */
  readonly instanceId?: string | undefined
  readonly limit: number
}

export interface CommandQuery extends Since {
  readonly statuses?: readonly CommandStatus[] | undefined
  readonly after?: { readonly requestedAt: Date; readonly id: string } | undefined
}

export interface InvocationQuery extends Since {
  readonly statuses?: readonly InvocationStatus[] | undefined
  readonly after?:
    | { readonly requestedAt: Date; readonly commandId: string; readonly instanceId: string }
    | undefined
}

/** Ends many invocations at once. */
export interface Ending {
  readonly from: readonly OpenStatus[]
  readonly as: EndedStatus
  readonly at: Date
  /** Only those whose turn came at this instant or before. */
  readonly dispatchedBy?: Date | undefined
}

export interface CommandReader {
  /** In a transaction, holds its row: to be done before anything of the command is decided or changed. */
  find(place: Place, id: string): Promise<Command | undefined>
  content(place: Place, id: string): Promise<CommandContent | undefined>
  /** The latest first. */
  list(place: Place, query: CommandQuery): Promise<readonly Command[]>
  tally(place: Place, id: string): Promise<Tally>
  /** When the turn came of the one that is `Pending` longest, if one is. */
  pendingSince(place: Place, id: string): Promise<Date | undefined>
  invocation(place: Place, id: string, instanceId: string): Promise<Invocation | undefined>
  /** The latest first. */
  invocations(place: Place, query: InvocationQuery): Promise<readonly ListedInvocation[]>
  /** What a node has not ended of what it was sent; bounded by what of it has not expired. */
  openOf(place: Place, instanceId: string): Promise<readonly ListedInvocation[]>
  /** Of these nodes, those that have something to begin, to leave, or not to begin. */
  waitingAmong(place: Place, instanceIds: readonly string[]): Promise<readonly string[]>
  /** In the order in which they were run; none before the end. */
  outcomes(place: Place, id: string, instanceId: string): Promise<readonly StepOutcome[]>
}

/** Says that `commands` changed where nodes have something new to do or to leave. */
export interface CommandWriter extends CommandReader {
  /** @param invocations Each node once. */
  insert(
    command: Command,
    content: CommandContent,
    invocations: readonly Pick<Invocation, 'instanceId' | 'status' | 'endedAt'>[],
  ): Promise<void>
  /** Writes status, counts, the request to cancel and the timer. */
  update(command: Command): Promise<void>
  /** Gives their turn to as many as `limit` of those that wait, by id. */
  dispatch(place: Place, id: string, turn: { readonly limit: number; readonly at: Date }): Promise<void>
  end(place: Place, id: string, ending: Ending): Promise<void>
  /** Those that wait are cancelled, the others are to be; all of them, or those of some nodes. */
  cancel(place: Place, id: string, at: Date, instanceIds?: readonly string[]): Promise<void>
  /** Writes status and instants, and what the steps came to where it has ended. */
  setInvocation(place: Place, invocation: Invocation, outcomes?: readonly StepOutcome[]): Promise<void>
  /** With its invocations and their output. */
  remove(place: Place, id: string): Promise<void>
}
