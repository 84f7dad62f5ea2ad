/** When a delivery is tried again. @see https://docs.aws.amazon.com/sns/latest/dg/sns-message-delivery-retries.html */
export interface RetryPolicy {
  readonly numRetries: number
  readonly numNoDelayRetries: number
  readonly numMinDelayRetries: number
  readonly numMaxDelayRetries: number
  readonly minDelaySeconds: number
  readonly maxDelaySeconds: number
  readonly backoffFunction: BackoffFunction
}

const BACKOFFS = ['linear', 'arithmetic', 'geometric', 'exponential'] as const
type BackoffFunction = (typeof BACKOFFS)[number]

/** What AWS does for HTTP endpoints where nobody says anything. */
const HTTP_DEFAULT: RetryPolicy = {
  numRetries: 3,
  numNoDelayRetries: 0,
  numMinDelayRetries: 0,
  numMaxDelayRetries: 0,
  minDelaySeconds: 20,
  maxDelaySeconds: 20,
  backoffFunction: 'linear',
}

/** AWS's for e-mail: 50 retries over 6 hours. */
export const MAIL_RETRIES: RetryPolicy = {
  numRetries: 50,
  numNoDelayRetries: 0,
  numMinDelayRetries: 2,
  numMaxDelayRetries: 38,
  minDelaySeconds: 10,
  maxDelaySeconds: 600,
  backoffFunction: 'exponential',
}

/** AWS's for Lambda: 100,015 retries over 23 days. */
export const LAMBDA_RETRIES: RetryPolicy = {
  numRetries: 100_015,
  numNoDelayRetries: 3,
  numMinDelayRetries: 2,
  numMaxDelayRetries: 100_000,
  minDelaySeconds: 1,
  maxDelaySeconds: 20,
  backoffFunction: 'exponential',
}

/** What a topic's or a subscription's DeliveryPolicy says. */
export interface DeliveryPolicy {
  readonly retries: RetryPolicy
  /** The Content-Type of what is posted. */
  readonly contentType: string | undefined
}

/** The policy is none. The message follows `DeliveryPolicy: ` in AWS's sentence. */
export class DeliveryPolicyError extends Error {
  override readonly name = 'DeliveryPolicyError'
}

const MAX_RETRIES = 100
const MAX_DELAY_SECONDS = 3_600
/** The longest that all retries together may take. */
const MAX_TOTAL_SECONDS = 3_600

/** What `headerContentType` may be. @see https://docs.aws.amazon.com/sns/latest/dg/sns-message-delivery-retries.html */
const CONTENT_TYPE =
  /^(?:text\/(?:css|csv|html|plain|xml)|application\/(?:atom\+xml|json|octet-stream|soap\+xml|x-www-form-urlencoded|xhtml\+xml|xml))(?:; ?charset=[A-Za-z0-9-]{1,40})?$/i

type Members = Readonly<Record<string, unknown>>

/** Reads a topic's DeliveryPolicy, `{"http": {"defaultHealthyRetryPolicy": …}}`. @throws DeliveryPolicyError */
export function parseTopicDeliveryPolicy(
  text: string,
): DeliveryPolicy & { readonly disableSubscriptionOverrides: boolean } {
  const document = parse(text)
  refuseUnknown(document, ['http'])
  const http = members(document.http, 'http')
  refuseUnknown(http, [
    'defaultHealthyRetryPolicy',
    'defaultSicklyRetryPolicy',
    'defaultThrottlePolicy',
    'defaultRequestPolicy',
    'disableSubscriptionOverrides',
  ])
  const disable = http.disableSubscriptionOverrides ?? false
  if (typeof disable !== 'boolean')
    throw new DeliveryPolicyError('http.disableSubscriptionOverrides must be a boolean')
  return {
    retries: readRetries(http.defaultHealthyRetryPolicy, 'http.defaultHealthyRetryPolicy'),
    contentType: readContentType(http.defaultRequestPolicy, 'http.defaultRequestPolicy'),
    disableSubscriptionOverrides: disable,
  }
}

/** Reads a subscription's DeliveryPolicy, `{"healthyRetryPolicy": …}`. @throws DeliveryPolicyError */
export function parseDeliveryPolicy(text: string): DeliveryPolicy {
  const document = parse(text)
  refuseUnknown(document, [
    'healthyRetryPolicy',
    'sicklyRetryPolicy',
    'throttlePolicy',
    'requestPolicy',
    'guaranteed',
  ])
  return {
    retries: readRetries(document.healthyRetryPolicy, 'healthyRetryPolicy'),
    contentType: readContentType(document.requestPolicy, 'requestPolicy'),
  }
}

/** What holds for an HTTP subscription: its own policy, unless the topic forbids that; else the topic's. */
export function effectivePolicy(topic: string | undefined, subscription: string | undefined): DeliveryPolicy {
  const ofTopic = topic === undefined ? undefined : parseTopicDeliveryPolicy(topic)
  if (subscription !== undefined && !ofTopic?.disableSubscriptionOverrides) {
    return parseDeliveryPolicy(subscription)
  }
  return ofTopic ?? { retries: HTTP_DEFAULT, contentType: undefined }
}

/** As EffectiveDeliveryPolicy shows retries. */
export function shownRetries(retries: RetryPolicy): Members {
  return {
    minDelayTarget: retries.minDelaySeconds,
    maxDelayTarget: retries.maxDelaySeconds,
    numRetries: retries.numRetries,
    numMaxDelayRetries: retries.numMaxDelayRetries,
    numNoDelayRetries: retries.numNoDelayRetries,
    numMinDelayRetries: retries.numMinDelayRetries,
    backoffFunction: retries.backoffFunction,
  }
}

/**
 * How long to wait after an attempt failed; undefined where it was the last one. First come the retries without
 * a delay, then those with the shortest, then the backoff, then those with the longest.
 *
 * DIVERGENCE: AWS names its backoff functions and shows their curves, but not their formulas; these have the
 * same ends and the same order of steepness.
 *
 * @param attempts How many were made, the first included.
 */
export function retryDelaySeconds(policy: RetryPolicy, attempts: number): number | undefined {
  const { numRetries, numNoDelayRetries, numMinDelayRetries, numMaxDelayRetries } = policy
  const { minDelaySeconds: shortest, maxDelaySeconds: longest } = policy
  if (attempts > numRetries) return undefined
  if (attempts <= numNoDelayRetries) return 0
  if (attempts <= numNoDelayRetries + numMinDelayRetries) return shortest
  if (attempts > numRetries - numMaxDelayRetries) return longest
  const steps = numRetries - numNoDelayRetries - numMinDelayRetries - numMaxDelayRetries
  const step = attempts - numNoDelayRetries - numMinDelayRetries
  const share = steps === 1 ? 0 : (step - 1) / (steps - 1)
  return Math.min(longest, shortest + (longest - shortest) * rise(policy.backoffFunction, share, steps))
}

/** From 0 to 1 as `share` goes from 0 to 1. */
function rise(backoff: BackoffFunction, share: number, steps: number): number {
  switch (backoff) {
    case 'linear':
      return share
    case 'arithmetic':
      return (share * (share + 1)) / 2
    case 'geometric':
      return share ** 2
    case 'exponential':
      return steps === 1 ? 0 : (2 ** (share * (steps - 1)) - 1) / (2 ** (steps - 1) - 1)
  }
}

function readRetries(given: unknown, name: string): RetryPolicy {
  if (given === undefined || given === null) return HTTP_DEFAULT
  const json = members(given, name)
  refuseUnknown(json, Object.keys(shownRetries(HTTP_DEFAULT)))
  const whole = (member: string, fallback: number, least: number, most: number): number => {
    const value = json[member] ?? fallback
    if (typeof value !== 'number' || !Number.isInteger(value) || value < least || value > most) {
      throw new DeliveryPolicyError(`${name}.${member} must be between ${least} and ${most}`)
    }
    return value
  }
  const policy: RetryPolicy = {
    numRetries: whole('numRetries', HTTP_DEFAULT.numRetries, 0, MAX_RETRIES),
    numNoDelayRetries: whole('numNoDelayRetries', 0, 0, MAX_RETRIES),
    numMinDelayRetries: whole('numMinDelayRetries', 0, 0, MAX_RETRIES),
    numMaxDelayRetries: whole('numMaxDelayRetries', 0, 0, MAX_RETRIES),
    minDelaySeconds: whole('minDelayTarget', HTTP_DEFAULT.minDelaySeconds, 1, MAX_DELAY_SECONDS),
    maxDelaySeconds: whole('maxDelayTarget', HTTP_DEFAULT.maxDelaySeconds, 1, MAX_DELAY_SECONDS),
    backoffFunction: readBackoff(json.backoffFunction, name),
  }
  demandSense(policy, name)
  return policy
}

function demandSense(policy: RetryPolicy, name: string): void {
  if (policy.minDelaySeconds > policy.maxDelaySeconds) {
    throw new DeliveryPolicyError(`${name}.maxDelayTarget must be greater than or equal to minDelayTarget`)
  }
  const phases = policy.numNoDelayRetries + policy.numMinDelayRetries + policy.numMaxDelayRetries
  if (phases > policy.numRetries) {
    throw new DeliveryPolicyError(
      `${name}.numRetries must be greater than or equal to total of numMinDelayRetries, numNoDelayRetries and numMaxDelayRetries`,
    )
  }
  let totalSeconds = 0
  for (let attempt = 1; attempt <= policy.numRetries; attempt++) {
    totalSeconds += retryDelaySeconds(policy, attempt) ?? 0
  }
  if (totalSeconds > MAX_TOTAL_SECONDS) {
    throw new DeliveryPolicyError(`${name} total retry time must be at most ${MAX_TOTAL_SECONDS} seconds`)
  }
}

function readBackoff(given: unknown, name: string): BackoffFunction {
  const found = BACKOFFS.find((known) => known === (given ?? HTTP_DEFAULT.backoffFunction))
  if (!found) throw new DeliveryPolicyError(`${name}.backoffFunction must be one of ${BACKOFFS.join('|')}`)
  return found
}

function readContentType(given: unknown, name: string): string | undefined {
  if (given === undefined || given === null) return undefined
  const { headerContentType } = members(given, name)
  if (headerContentType === undefined) return undefined
  if (typeof headerContentType !== 'string' || !CONTENT_TYPE.test(headerContentType)) {
    throw new DeliveryPolicyError(`${name}.headerContentType is not a supported content type`)
  }
  return headerContentType
}

function parse(text: string): Members {
  try {
    return members(JSON.parse(text), 'DeliveryPolicy')
  } catch (error) {
    if (error instanceof DeliveryPolicyError) throw error
    throw new DeliveryPolicyError('failed to parse JSON.')
  }
}

function members(json: unknown, name: string): Members {
  if (typeof json !== 'object' || json === null || Array.isArray(json)) {
    throw new DeliveryPolicyError(`${name} must be an object`)
  }
  return json as Members // just looked
}

function refuseUnknown(json: Members, known: readonly string[]): void {
  const unknown = Object.keys(json).find((name) => !known.includes(name))
  if (unknown !== undefined) throw new DeliveryPolicyError(`Unexpected JSON member: ${unknown}`)
}
