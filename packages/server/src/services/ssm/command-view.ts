import type {
  CommandStatus as CoarseStatus,
  CommandInvocationStatus,
  Command as CommandView,
} from '@aws-sdk/client-ssm'
import { pingStatus } from '../../fleet/ping.ts'
import type { ParameterValues } from '../../fleet/sealing.ts'
import type { Command, CommandStatus, InvocationStatus } from '../../store/commands.ts'
import type { FleetNode } from '../../store/nodes.ts'

/**
 * What Status says for a StatusDetails. Of NoInstancesInTag AWS says Success; Incomplete is none.
 * @see https://docs.aws.amazon.com/systems-manager/latest/userguide/monitor-commands.html
 */
export const COARSE: Readonly<Record<CommandStatus, CoarseStatus>> = {
  Pending: 'Pending',
  InProgress: 'InProgress',
  Cancelling: 'Cancelling',
  Success: 'Success',
  Cancelled: 'Cancelled',
  Failed: 'Failed',
  ExecutionTimedOut: 'TimedOut',
  DeliveryTimedOut: 'TimedOut',
  Incomplete: 'Failed',
  AccessDenied: 'Failed',
  NoInstancesInTag: 'Success',
}

interface ShownStatus {
  readonly Status: CommandInvocationStatus
  readonly StatusDetails: string
}

/** What is shown of each status of an invocation; Delayed besides, for a node that is not connected. */
export const SHOWN: Readonly<Record<InvocationStatus, ShownStatus>> = {
  Waiting: { Status: 'Pending', StatusDetails: 'Pending' },
  Pending: { Status: 'Pending', StatusDetails: 'Pending' },
  InProgress: { Status: 'InProgress', StatusDetails: 'InProgress' },
  Recalled: { Status: 'Cancelling', StatusDetails: 'Cancelling' },
  Cancelling: { Status: 'Cancelling', StatusDetails: 'Cancelling' },
  Success: { Status: 'Success', StatusDetails: 'Success' },
  Cancelled: { Status: 'Cancelled', StatusDetails: 'Cancelled' },
  Failed: { Status: 'Failed', StatusDetails: 'Failed' },
  ExecutionTimedOut: { Status: 'TimedOut', StatusDetails: 'ExecutionTimedOut' },
  DeliveryTimedOut: { Status: 'TimedOut', StatusDetails: 'DeliveryTimedOut' },
  Undeliverable: { Status: 'Failed', StatusDetails: 'Undeliverable' },
  Terminated: { Status: 'Failed', StatusDetails: 'Terminated' },
  AccessDenied: { Status: 'Failed', StatusDetails: 'AccessDenied' },
}

const DELAYED: ShownStatus = { Status: 'Delayed', StatusDetails: 'Delayed' }

/** @param node The invocation's, where it is registered. */
export function shownStatus(status: InvocationStatus, node: FleetNode | undefined, now: Date): ShownStatus {
  const isDelayed = status === 'Pending' && node && pingStatus(node, now) === 'ConnectionLost'
  return isDelayed ? DELAYED : SHOWN[status]
}

export const NO_LOG_GROUP = { CloudWatchLogGroupName: '', CloudWatchOutputEnabled: false }

const NO_NOTIFICATION = { NotificationArn: '', NotificationEvents: [] }

export function commandView(command: Command, parameters: ParameterValues): CommandView {
  const { counts } = command
  return {
    CommandId: command.id,
    DocumentName: command.documentName,
    DocumentVersion: command.documentVersion,
    Comment: command.comment,
    ExpiresAfter: command.expiresAt,
    Parameters: Object.fromEntries(Object.entries(parameters).map(([name, values]) => [name, [...values]])),
    InstanceIds: [...command.instanceIds],
    Targets: command.targets.map(({ key, values }) => ({ Key: key, Values: [...values] })),
    RequestedDateTime: command.requestedAt,
    Status: COARSE[command.status],
    StatusDetails: command.status,
    OutputS3BucketName: '',
    OutputS3KeyPrefix: '',
    MaxConcurrency: command.maxConcurrency,
    MaxErrors: command.maxErrors,
    TargetCount: counts.target,
    CompletedCount: counts.completed,
    ErrorCount: counts.error,
    DeliveryTimedOutCount: counts.deliveryTimedOut,
    ServiceRole: '',
    NotificationConfig: NO_NOTIFICATION,
    CloudWatchOutputConfig: NO_LOG_GROUP,
    TimeoutSeconds: command.timeoutSeconds,
  }
}
