import { AwsError } from '@lockstep/wire'

export function noSuchAssociation(): AwsError {
  return new AwsError('AssociationDoesNotExist', "The specified association doesn't exist.")
}

export function associationAlreadyExists(): AwsError {
  return new AwsError('AssociationAlreadyExists', 'The specified association already exists.')
}

export function noSuchAssociationVersion(): AwsError {
  return new AwsError(
    'InvalidAssociationVersion',
    "The version you specified isn't valid. Use ListAssociationVersions to view all versions of an association according to the association ID. Or, use the $LATEST parameter to view the latest version of the association.",
  )
}

export function noSuchExecution(): AwsError {
  return new AwsError('AssociationExecutionDoesNotExist', "The specified execution ID doesn't exist.")
}

export function associationLimitExceeded(limit: number): AwsError {
  return new AwsError('AssociationLimitExceeded', `You can have at most ${limit} active associations.`)
}

export function associationVersionLimitExceeded(limit: number): AwsError {
  return new AwsError(
    'AssociationVersionLimitExceeded',
    `You have reached the maximum number of versions allowed for an association. Each association has a limit of ${limit} versions.`,
  )
}

// Of these AWS publishes the code and not the sentence; the sentence is ours.

export function invalidSchedule(): AwsError {
  return new AwsError(
    'InvalidSchedule',
    'The schedule is invalid. Verify your cron or rate expression and try again.',
  )
}

export function invalidTarget(why: string): AwsError {
  return new AwsError('InvalidTarget', why)
}

export function invalidParameters(why: string): AwsError {
  return new AwsError('InvalidParameters', why)
}

export function noPlatform(): AwsError {
  return new AwsError('UnsupportedPlatformType', 'The document has nothing to run on Linux.')
}

export function noOutputLocation(): AwsError {
  return new AwsError('InvalidOutputLocation', 'The output of associations is not kept.')
}

export function unnamedAssociation(): AwsError {
  return new AwsError('ValidationException', 'Name the association by its id, or by document and instance.')
}
