import { AwsError } from '@lockstep/wire'
import type { TagFault } from '../../fleet/tags.ts'

export function untrustedRole(arn: string): AwsError {
  return new AwsError(
    'ValidationException',
    `Nonexistent role or missing ssm service principal in trust policy: ${arn}`,
  )
}

export function expirationOutOfRange(): AwsError {
  return new AwsError(
    'InvalidParameters',
    'The expiration date must lie in the future, and no more than 30 days ahead.',
  )
}

export function unknownMetadata(key: string): AwsError {
  return new AwsError('InvalidParameters', `The registration metadata ${key} is not supported.`)
}

export function noSuchActivation(): AwsError {
  return new AwsError(
    'InvalidActivation',
    "The activation isn't valid. The activation might have been deleted, or the ActivationId and the ActivationCode don't match.",
  )
}

export function noSuchNode(id: string): AwsError {
  return new AwsError('InvalidInstanceId', `Not existing InstanceId ${id}`)
}

export function malformedNodeId(id: string): AwsError {
  return new AwsError('InvalidInstanceId', `The instance ID ${id} isn't valid.`)
}

export function invalidNextToken(): AwsError {
  return new AwsError('InvalidNextToken', "The specified token isn't valid.")
}

export function invalidFilterKey(): AwsError {
  return new AwsError('InvalidFilterKey', "The specified key isn't valid.")
}

export function invalidFilterValue(): AwsError {
  return new AwsError('InvalidInstanceInformationFilterValue', "The specified filter value isn't valid.")
}

export function invalidFilter(): AwsError {
  return new AwsError(
    'InvalidFilter',
    "The filter name isn't valid. Verify the you entered the correct name and try again.",
  )
}

export function bothFilterForms(): AwsError {
  return new AwsError(
    'ValidationException',
    'Filters and InstanceInformationFilterList cannot be used together.',
  )
}

export function untaggableType(): AwsError {
  return new AwsError(
    'InvalidResourceType',
    "The resource type isn't valid. For example, if you are attempting to tag an EC2 instance, the instance must be a registered managed node.",
  )
}

export function noSuchResource(): AwsError {
  return new AwsError(
    'InvalidResourceId',
    "The resource ID isn't valid. Verify that you entered the correct ID and try again.",
  )
}

export function unacceptableTags(fault: TagFault): AwsError {
  switch (fault) {
    case 'reserved':
      return new AwsError('ValidationException', 'Tag keys that begin with aws: are reserved.')
    case 'twins':
      return new AwsError('ValidationException', 'Tag keys that differ in case alone are not allowed.')
    case 'too many':
      return new AwsError(
        'TooManyTagsError',
        'The number of tags exceeds the limit of 50 tags for a resource. Remove one or more tags and try again.',
      )
  }
}
