import { AwsError } from '@lockstep/wire'

// Of these AWS publishes the code and not the sentence; the sentence is ours.

export function invalidLookupAttributes(): AwsError {
  return new AwsError(
    'InvalidLookupAttributesException',
    'You can look up events by one attribute at a time.',
  )
}

export function invalidTimeRange(): AwsError {
  return new AwsError('InvalidTimeRangeException', 'The start time is after the end time.')
}

export function invalidNextToken(): AwsError {
  return new AwsError('InvalidNextTokenException', 'The token is not valid for this request.')
}

export function invalidHomeRegion(region: string): AwsError {
  return new AwsError(
    'InvalidHomeRegionException',
    `The trail can only be changed from its home region, ${region}.`,
  )
}

export function invalidTrailArn(arn: string): AwsError {
  return new AwsError('CloudTrailARNInvalidException', `The ARN is not that of a trail: ${arn}`)
}

export function invalidPrefix(why: string): AwsError {
  return new AwsError('InvalidS3PrefixException', why)
}

export function invalidBucketName(name: string): AwsError {
  return new AwsError('InvalidS3BucketNameException', `The S3 bucket name is not valid: ${name}`)
}

export function tagsLimitExceeded(): AwsError {
  return new AwsError('TagsLimitExceededException', 'A trail has 50 tags at most.')
}

export function invalidTag(why: string): AwsError {
  return new AwsError('InvalidTagParameterException', why)
}

export function invalidEventSelectors(why: string): AwsError {
  return new AwsError('InvalidEventSelectorsException', why)
}

export function invalidCombination(why: string): AwsError {
  return new AwsError('InvalidParameterCombinationException', why)
}

export function organizationsNotInUse(): AwsError {
  return new AwsError('OrganizationsNotInUseException', 'The account is not a member of an organization.')
}

export function noCloudWatchLogs(): AwsError {
  return new AwsError(
    'CloudWatchLogsDeliveryUnavailableException',
    'Lockstep delivers to buckets; it has no CloudWatch Logs.',
  )
}

export function unsupported(what: string): AwsError {
  return new AwsError('UnsupportedOperationException', what)
}

export function invalidTopicName(name: string): AwsError {
  return new AwsError('InvalidSnsTopicNameException', `The SNS topic name is not valid: ${name}`)
}

// These are AWS's own.

export function noTopic(): AwsError {
  return new AwsError(
    'InsufficientSnsTopicPolicyException',
    'SNS Topic does not exist or the topic policy is incorrect!',
  )
}

/** @param trail As the caller spelled it. */
export function trailNotFound(trail: string, account: string): AwsError {
  return new AwsError('TrailNotFoundException', `Unknown trail: ${trail} for the user: ${account}`)
}

export function trailAlreadyExists(name: string, account: string): AwsError {
  return new AwsError('TrailAlreadyExistsException', `Trail ${name} already exists for customer: ${account}`)
}

export function tooManyTrails(account: string, limit: number, region: string): AwsError {
  return new AwsError(
    'MaximumNumberOfTrailsExceededException',
    `User: ${account} already has ${limit} trails in ${region}.`,
  )
}

export function bucketDoesNotExist(name: string): AwsError {
  return new AwsError('S3BucketDoesNotExistException', `S3 bucket ${name} does not exist!`)
}

export function invalidTrailName(why: string): AwsError {
  return new AwsError('InvalidTrailNameException', why)
}
