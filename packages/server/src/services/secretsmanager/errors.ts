import { AwsError } from '@lockstep/wire'
import { MAX_LABELS } from './labels.ts'

export function resourceNotFound(): AwsError {
  return new AwsError('ResourceNotFoundException', "Secrets Manager can't find the specified secret.")
}

export function stageNotFound(stage: string): AwsError {
  return valueNotFound(`staging label: ${stage}`)
}

export function versionNotFound(versionId: string): AwsError {
  return valueNotFound(`VersionId: ${versionId}`)
}

function valueNotFound(which: string): AwsError {
  return new AwsError(
    'ResourceNotFoundException',
    `Secrets Manager can't find the specified secret value for ${which}`,
  )
}

export function stageNotOnVersion(): AwsError {
  return new AwsError(
    'InvalidRequestException',
    'You provided a VersionStage that is not associated to the provided VersionId.',
  )
}

export function markedForDeletion(): AwsError {
  return new AwsError(
    'InvalidRequestException',
    "You can't perform this operation on the secret because it was marked for deletion.",
  )
}

export function nameScheduledForDeletion(): AwsError {
  return new AwsError(
    'InvalidRequestException',
    "You can't create this secret because a secret with this name is already scheduled for deletion.",
  )
}

export function nameTaken(name: string): AwsError {
  return new AwsError(
    'ResourceExistsException',
    `The operation failed because the secret ${name} already exists.`,
  )
}

export function tokenTaken(token: string, arn: string): AwsError {
  return new AwsError(
    'ResourceExistsException',
    `You can't use ClientRequestToken ${token} because that value is already in use for a version of secret ${arn}.`,
  )
}

export function tokenMissing(): AwsError {
  return new AwsError(
    'InvalidRequestException',
    'You must provide a ClientRequestToken value. We recommend a UUID-type value.',
  )
}

export function invalidName(): AwsError {
  return new AwsError(
    'ValidationException',
    'Invalid name. Must be a valid name containing alphanumeric characters, or any of the following: -/_+=.@!',
  )
}

export function ownedName(): AwsError {
  return invalidParameter('Names of the form service!name are reserved for secrets that a service manages.')
}

export function bothValues(): AwsError {
  return invalidParameter(
    "You can't specify both a binary secret value and a string secret value in the same secret.",
  )
}

export function noValue(): AwsError {
  return new AwsError('InvalidRequestException', 'You must provide either SecretString or SecretBinary.')
}

/** Asked of a replica where only its primary can be changed. */
export function replicaUnchangeable(): AwsError {
  return invalidParameter(
    "Operation not permitted on a replica secret. Call must be made in primary secret's region.",
  )
}

/** Asked of a secret that is nobody's replica. */
export function notAReplica(): AwsError {
  return invalidParameter(
    "Operation only permitted on a replica secret. Call must be made in replica secret's region.",
  )
}

/** Its own region, one that is not served, or no region at all. */
export function invalidReplicaRegion(): AwsError {
  return invalidParameter('Invalid replica region.')
}

export function duplicateReplicaRegions(): AwsError {
  return invalidParameter('Duplicate replica regions are not allowed.')
}

export function stillReplicated(arn: string, regions: readonly string[]): AwsError {
  return invalidParameter(
    `You can't delete secret ${arn} that still has replica regions [${regions.join(', ')}].`,
  )
}

export function typeUnavailable(): AwsError {
  return invalidParameter('Type must be empty: secrets managed by partners are not available.')
}

export function recoveryWindowOutOfRange(): AwsError {
  return invalidParameter('The RecoveryWindowInDays value must be between 7 and 30 days (inclusive).')
}

export function windowWithForce(): AwsError {
  return invalidParameter(
    "You can't use ForceDeleteWithoutRecovery in conjunction with RecoveryWindowInDays.",
  )
}

export function duplicateTagKeys(): AwsError {
  return invalidParameter('Duplicate tag keys are not allowed.')
}

export function reservedTagKey(): AwsError {
  return invalidParameter('Tag keys that begin with aws: are reserved.')
}

export function tagWithoutKey(): AwsError {
  return invalidParameter('A tag needs a key.')
}

export function tooManyTags(max: number): AwsError {
  return invalidParameter(`A secret can have at most ${max} tags.`)
}

export function tooManyLabels(): AwsError {
  return new AwsError(
    'LimitExceededException',
    `A secret can have at most ${MAX_LABELS} staging labels on all of its versions together.`,
  )
}

export function tooManyVersions(): AwsError {
  return new AwsError(
    'LimitExceededException',
    'The secret has as many versions as it can, and none without a staging label is older than 24 hours.',
  )
}

export function removeFromMissing(stage: string, holder: string): AwsError {
  return invalidParameter(
    `The parameter RemoveFromVersionId can't be empty. Staging label ${stage} is currently attached to version ${holder}, so you must explicitly reference that version in RemoveFromVersionId.`,
  )
}

export function removeFromWrong(stage: string, versionId: string): AwsError {
  return invalidParameter(
    `The parameter RemoveFromVersionId is wrong. Staging label ${stage} is not attached to version ${versionId}.`,
  )
}

export function noStageChange(): AwsError {
  return invalidParameter('You must provide MoveToVersionId, RemoveFromVersionId, or both.')
}

export function currentCannotBeRemoved(): AwsError {
  return invalidParameter(
    'You can only move staging label AWSCURRENT to a different secret version. It can’t be completely removed.',
  )
}

export function batchNeedsOneSource(): AwsError {
  return invalidParameter('You must provide either SecretIdList or Filters, and not both.')
}

export function batchPagingNeedsFilters(): AwsError {
  return invalidParameter('MaxResults and NextToken can only be used with Filters.')
}

export function invalidFilterKey(): AwsError {
  return invalidParameter('Invalid filter key')
}

export function invalidFilterValues(key: string): AwsError {
  return invalidParameter(`Invalid filter values for key: ${key}`)
}

export function invalidNextToken(): AwsError {
  return new AwsError('InvalidNextTokenException', 'The NextToken value is invalid.')
}

export function passwordTooShort(): AwsError {
  return invalidParameter('Password length is too short based on the required types.')
}

export function classExcluded(): AwsError {
  return invalidParameter('All characters of the desired type have been excluded.')
}

export function everythingExcluded(): AwsError {
  return invalidParameter('All characters have been excluded from selection.')
}

export function policySyntaxError(): AwsError {
  return malformedPolicy('This resource policy contains a syntax error.')
}

export function unsupportedPrincipal(): AwsError {
  return malformedPolicy('This resource policy contains an unsupported principal.')
}

export function publicPolicy(): AwsError {
  return new AwsError(
    'PublicPolicyException',
    "You can't attach a resource-based policy that allows broad access to the secret.",
  )
}

export function kmsAccessDenied(): AwsError {
  return new AwsError('AccessDeniedException', 'Access to KMS is not allowed')
}

export function keyUnusable(): AwsError {
  return invalidParameter('KmsKeyId must name a symmetric KMS key for encryption that exists.')
}

export function encryptionFailure(cause: unknown): AwsError {
  return new AwsError(
    'EncryptionFailure',
    "Secrets Manager can't encrypt the protected secret text using the provided KMS key. Check that the KMS key is available, enabled, and not in an invalid state.",
    400,
    { cause },
  )
}

export function decryptionFailure(cause: unknown): AwsError {
  return new AwsError(
    'DecryptionFailure',
    "Secrets Manager can't decrypt the protected secret text using the provided KMS key.",
    400,
    { cause },
  )
}

/** What most refusals of this service are. */
export function invalidParameter(message: string): AwsError {
  return new AwsError('InvalidParameterException', message)
}

function malformedPolicy(message: string): AwsError {
  return new AwsError('MalformedPolicyDocumentException', message)
}
