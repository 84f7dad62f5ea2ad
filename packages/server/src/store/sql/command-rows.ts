import type {
  Command,
  CommandStatus,
  CommandTarget,
  Invocation,
  InvocationStatus,
  ListedInvocation,
  StepOutcome,
} from '../commands.ts'
import type { SqlValue } from './sql.ts'

export interface CommandTables {
  commands: CommandRow
  command_contents: ContentRow
  command_invocations: InvocationRow
  command_outcomes: OutcomeRow
}

export interface CommandRow {
  account: string
  region: string
  id: string
  document_name: string
  document_version: string
  document_hash: string
  comment: string
  instance_ids: string
  targets: string
  max_concurrency: string
  max_errors: string
  timeout_seconds: number
  requested_at: number
  expires_at: number
  requester_arn: string
  status: CommandStatus
  target_count: number
  completed_count: number
  error_count: number
  delivery_timed_out_count: number
  cancel_requested_at: number | null
  timer_at: number
}

export interface ContentRow {
  account: string
  region: string
  command_id: string
  parameters: Uint8Array
  steps: Uint8Array
}

export interface InvocationRow {
  account: string
  region: string
  command_id: string
  instance_id: string
  requested_at: number
  status: InvocationStatus
  dispatched_at: number | null
  started_at: number | null
  ended_at: number | null
}

export type ListedInvocationRow = Omit<InvocationRow, 'account' | 'region'> &
  Pick<CommandRow, 'document_name' | 'document_version' | 'comment' | 'expires_at' | 'timeout_seconds'>

export interface OutcomeRow {
  account: string
  region: string
  command_id: string
  instance_id: string
  step: number
  name: string
  status: StepOutcome['status']
  exit_code: number
  started_at: number
  ended_at: number
  output: Uint8Array
}

export function commandOf(row: CommandRow): Command {
  return {
    account: row.account,
    region: row.region,
    id: row.id,
    documentName: row.document_name,
    documentVersion: row.document_version,
    documentHash: row.document_hash,
    comment: row.comment,
    instanceIds: JSON.parse(row.instance_ids) as readonly string[],
    targets: JSON.parse(row.targets) as readonly CommandTarget[],
    maxConcurrency: row.max_concurrency,
    maxErrors: row.max_errors,
    timeoutSeconds: row.timeout_seconds,
    requestedAt: new Date(row.requested_at),
    expiresAt: new Date(row.expires_at),
    requesterArn: row.requester_arn,
    status: row.status,
    counts: {
      target: row.target_count,
      completed: row.completed_count,
      error: row.error_count,
      deliveryTimedOut: row.delivery_timed_out_count,
    },
    ...(row.cancel_requested_at !== null && { cancelRequestedAt: new Date(row.cancel_requested_at) }),
    timerAt: new Date(row.timer_at),
  }
}

/** What an update may write, in the order of its columns. */
export function changeable({ status, counts, cancelRequestedAt, timerAt }: Command): SqlValue[] {
  const { completed, error, deliveryTimedOut } = counts
  return [status, completed, error, deliveryTimedOut, millis(cancelRequestedAt), timerAt.getTime()]
}

export function invocationOf(row: Omit<InvocationRow, 'account' | 'region' | 'requested_at'>): Invocation {
  return {
    commandId: row.command_id,
    instanceId: row.instance_id,
    status: row.status,
    ...(row.dispatched_at !== null && { dispatchedAt: new Date(row.dispatched_at) }),
    ...(row.started_at !== null && { startedAt: new Date(row.started_at) }),
    ...(row.ended_at !== null && { endedAt: new Date(row.ended_at) }),
  }
}

export function listedOf(row: ListedInvocationRow): ListedInvocation {
  return {
    ...invocationOf(row),
    documentName: row.document_name,
    documentVersion: row.document_version,
    comment: row.comment,
    requestedAt: new Date(row.requested_at),
    expiresAt: new Date(row.expires_at),
    timeoutSeconds: row.timeout_seconds,
  }
}

export function outcomeOf(row: OutcomeRow): StepOutcome {
  return {
    name: row.name,
    status: row.status,
    exitCode: row.exit_code,
    startedAt: new Date(row.started_at),
    endedAt: new Date(row.ended_at),
    output: row.output,
  }
}

export function millis(instant: Date | undefined): number | null {
  return instant?.getTime() ?? null
}
