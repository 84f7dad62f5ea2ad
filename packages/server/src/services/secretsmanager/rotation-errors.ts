import { AwsError } from '@lockstep/wire'
import type { WindowFault } from '../../schedule/rotation-window.ts'
import { invalidParameter, tokenMissing } from './errors.ts'

/** RotateSecret has another code for it. */
export function rotationTokenMissing(): AwsError {
  return invalidParameter(tokenMissing().message)
}

export function noRotationFunction(): AwsError {
  return new AwsError(
    'InvalidRequestException',
    'No Lambda rotation function ARN is associated with this secret.',
  )
}

export function functionNotInvocable(): AwsError {
  return new AwsError(
    'AccessDeniedException',
    'Secrets Manager cannot invoke the specified Lambda function. Ensure that the function policy grants access to the principal secretsmanager.amazonaws.com.',
  )
}

export function previousRotationPending(): AwsError {
  return new AwsError(
    'InvalidRequestException',
    "A previous rotation isn't complete. That rotation will be reattempted.",
  )
}

const RULES_SENTENCES: Readonly<Record<WindowFault, string>> = {
  'both-kinds': 'You cannot specify both rotation frequency and schedule expression together.',
  'no-kind': 'You must specify either AutomaticallyAfterDays or ScheduleExpression in RotationRules.',
  expression: 'Invalid schedule expression.',
  hours: 'Rate in hour should be least 4 and less than 24.',
  days: 'Rate in day should be greater than 0 and less than 1000.',
  duration: 'Duration must be at least 1 hour, at most 24 hour.',
  'longer-than-rate': 'Duration cannot be greater than Rate in hour.',
  'longer-than-day': 'Starting hour and duration must be within a day.',
}

export function invalidRotationRules(fault: WindowFault): AwsError {
  return invalidParameter(RULES_SENTENCES[fault])
}

export function externalRotationUnavailable(): AwsError {
  return invalidParameter(
    'ExternalSecretRotationMetadata and ExternalSecretRotationRoleArn must be empty: secrets managed by partners are not available.',
  )
}

export function rotationTokenInvalid(): AwsError {
  return invalidParameter('The RotationToken is not that of a rotation of this secret that is in progress.')
}
