import { AwsError } from '@lockstep/wire'

/** @param reason What follows `Invalid parameter: `, as SNS says it. */
export function invalidParameter(reason: string): AwsError {
  return new AwsError('InvalidParameter', `Invalid parameter: ${reason}`)
}

/** A message's attribute that is none; SNS tells these from other parameters. */
export function invalidAttributeValue(sentence: string): AwsError {
  return new AwsError('ParameterValueInvalid', sentence)
}

export function topicNotFound(): AwsError {
  return new AwsError('NotFound', 'Topic does not exist', 404)
}

export function subscriptionNotFound(): AwsError {
  return new AwsError('NotFound', 'Subscription does not exist', 404)
}

/** What tagging calls say where others say that a topic does not exist. */
export function resourceNotFound(): AwsError {
  return new AwsError('ResourceNotFound', 'Resource does not exist', 404)
}

export function tooManyTopics(): AwsError {
  return new AwsError('TopicLimitExceeded', 'The maximum allowed number of topics has been reached.', 403)
}

export function tooManySubscriptions(): AwsError {
  return new AwsError(
    'SubscriptionLimitExceeded',
    'Subscription limit for this topic has been exceeded.',
    403,
  )
}

export function tooManyTags(): AwsError {
  return new AwsError('TagLimitExceeded', 'Could not complete request: tag quota of per resource exceeded')
}

export function emptyBatch(): AwsError {
  return new AwsError('EmptyBatchRequest', "The batch request doesn't contain any entries.")
}

export function tooManyEntries(count: number): AwsError {
  return new AwsError(
    'TooManyEntriesInBatchRequest',
    `The batch request contains more entries than permissible (${count} > 10).`,
  )
}

export function idsNotDistinct(): AwsError {
  return new AwsError(
    'BatchEntryIdsNotDistinct',
    'Two or more batch entries in the request have the same Id.',
  )
}

export function invalidBatchEntryId(): AwsError {
  return new AwsError(
    'InvalidBatchEntryId',
    "The Id of a batch entry in a batch request doesn't abide by the specification.",
  )
}

export function batchTooLong(): AwsError {
  return new AwsError(
    'BatchRequestTooLong',
    'The length of all the batch messages put together is more than the limit.',
  )
}

/** Confirmed by link only, or to be ended by its owner only. */
export function unsubscribeNeedsSignature(): AwsError {
  return new AwsError('AuthorizationError', 'Unsubscribing requires a signed request of the owner.', 403)
}
