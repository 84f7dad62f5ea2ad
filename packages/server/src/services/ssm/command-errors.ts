import { AwsError } from '@lockstep/wire'

export function noSuchDocument(name: string): AwsError {
  return new AwsError('InvalidDocument', `Document with name ${name} does not exist.`)
}

export function noSuchDocumentVersion(): AwsError {
  return new AwsError('InvalidDocumentVersion', "The document version isn't valid or doesn't exist.")
}

export function otherDocumentHash(): AwsError {
  return new AwsError('InvalidDocument', 'The document hash does not match the content of the document.')
}

export function invalidParameters(sentence: string): AwsError {
  return new AwsError('InvalidParameters', sentence)
}

export function commandTooLarge(): AwsError {
  return new AwsError('MaxDocumentSizeExceeded', 'The size limit of a document is 64 KB.')
}

export function unsupportedPlatform(): AwsError {
  return new AwsError(
    'UnsupportedPlatformType',
    "The document doesn't support the platform type of the given managed node IDs.",
  )
}

export function duplicateInstanceId(): AwsError {
  return new AwsError(
    'DuplicateInstanceId',
    "You can't specify a managed node ID in more than one association.",
  )
}

/** What AWS says of nodes that are not there, all of them at once. */
export function nodesNotValid(ids: readonly string[], account: string): AwsError {
  return new AwsError(
    'InvalidInstanceId',
    `Instances [[${ids.join(', ')}]] not in a valid state for account ${account}`,
  )
}

export function targetsMissing(): AwsError {
  return new AwsError('ValidationException', 'Specify either InstanceIds or Targets, and not both.')
}

export function unsupportedTarget(): AwsError {
  return new AwsError('ValidationException', 'Targets are supported by InstanceIds, tag:<name> and tag-key.')
}

// DIVERGENCE: output goes to the API alone: there is no S3 and no CloudWatch Logs to send it to, so that calls that
// want it there are refused.
export function noOutputFolder(): AwsError {
  return new AwsError('InvalidOutputFolder', "The S3 bucket doesn't exist.")
}

export function noLogGroups(): AwsError {
  return new AwsError('ValidationException', 'CloudWatchOutputConfig is not supported.')
}

// DIVERGENCE: commands publish to no topic; calls that want it are refused.
export function noNotifications(): AwsError {
  return new AwsError('InvalidNotificationConfig', 'Notifications of commands are not supported.')
}

// DIVERGENCE: there are no CloudWatch alarms to stop a command.
export function noAlarms(): AwsError {
  return new AwsError('ValidationException', 'AlarmConfiguration is not supported.')
}

export function invalidCommandId(): AwsError {
  return new AwsError(
    'InvalidCommandId',
    "The specified command ID isn't valid. Verify the ID and try again.",
  )
}

export function noSuchInvocation(): AwsError {
  return new AwsError(
    'InvocationDoesNotExist',
    "The command ID and managed node ID you specified didn't match any invocations. Verify the command ID and the managed node ID and try again.",
  )
}

export function noSuchPlugin(): AwsError {
  return new AwsError('InvalidPluginName', "The plugin name isn't valid.")
}

export function invalidFilterValue(): AwsError {
  return new AwsError('InvalidFilterValue', "The filter value isn't valid. Verify the value and try again.")
}
