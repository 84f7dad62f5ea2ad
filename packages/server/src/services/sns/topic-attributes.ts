import type { Context } from '../../gateway/context.ts'
import {
  DeliveryPolicyError,
  effectivePolicy,
  parseTopicDeliveryPolicy,
  shownRetries,
} from '../../notify/delivery-policy.ts'
import type { BoundPolicy } from '../../store/bound-policy.ts'
import type { SubscriptionCounts, Topic } from '../../store/topics.ts'
import { invalidParameter } from './errors.ts'
import { readTopicPolicy } from './topic-policy.ts'

/** What a caller sets of a topic. */
export interface TopicSettings {
  readonly attributes: Readonly<Record<string, string>>
  /** Absent: as it is. */
  readonly policy?: BoundPolicy
}

/** In characters. */
const MAX_DISPLAY_NAME = 100

/**
 * Whether a value is good for an attribute that is kept as it comes.
 *
 * DIVERGENCE: attributes for delivery status logs (…SuccessFeedbackRoleArn and the like), for archives and for
 * data protection do not exist here; what cannot be delivered is in the list of dead letters. KmsMasterKeyId is
 * kept and shown, but what waits for delivery is always sealed under the server's own keys.
 *
 * @see https://docs.aws.amazon.com/sns/latest/api/API_SetTopicAttributes.html
 */
const SETTABLE: Readonly<Record<string, (value: string) => boolean>> = {
  DisplayName: (value) => value.length <= MAX_DISPLAY_NAME && !/\p{Cc}/u.test(value),
  KmsMasterKeyId: (value) => value.length <= 2_048,
  SignatureVersion: (value) => value === '1' || value === '2',
  TracingConfig: (value) => value === 'PassThrough' || value === 'Active',
}

/**
 * Reads attributes as CreateTopic and SetTopicAttributes take them; an empty value takes one away.
 *
 * DIVERGENCE: FIFO topics are refused: no protocol that is spoken here keeps an order.
 *
 * @throws InvalidParameter
 */
export async function readTopicAttributes(
  ctx: Context,
  given: Readonly<Record<string, string>>,
): Promise<TopicSettings> {
  const attributes: Record<string, string> = {}
  let policy: BoundPolicy | undefined
  for (const [name, value] of Object.entries(given)) {
    if (name === 'Policy') {
      policy = await readTopicPolicy(ctx, value)
    } else if (name === 'FifoTopic' || name === 'ContentBasedDeduplication') {
      if (value !== 'false') throw invalidParameter(`${name} Reason: FIFO topics are not supported`)
    } else if (name === 'DeliveryPolicy') {
      if (value !== '') demandDeliveryPolicy(value)
      attributes[name] = value
    } else {
      const isGood = Object.hasOwn(SETTABLE, name) ? SETTABLE[name] : undefined
      if (!isGood) throw invalidParameter('AttributeName')
      if (value !== '' && !isGood(value)) throw invalidParameter(name)
      attributes[name] = value
    }
  }
  return policy ? { attributes, policy } : { attributes }
}

/** The topic with what was set. */
export function withSettings(topic: Topic, { attributes, policy = topic.policy }: TopicSettings): Topic {
  const all = Object.entries({ ...topic.attributes, ...attributes })
  return { ...topic, policy, attributes: Object.fromEntries(all.filter(([, value]) => value !== '')) }
}

function demandDeliveryPolicy(text: string): void {
  try {
    parseTopicDeliveryPolicy(text)
  } catch (error) {
    if (error instanceof DeliveryPolicyError) throw invalidParameter(`DeliveryPolicy: ${error.message}`)
    throw error
  }
}

/** As GetTopicAttributes answers. */
export function shownAttributes(
  topic: Topic,
  counts: SubscriptionCounts,
  policy: string,
): Readonly<Record<string, string>> {
  const { retries, contentType } = effectivePolicy(topic.attributes.DeliveryPolicy, undefined)
  const http = {
    defaultHealthyRetryPolicy: shownRetries(retries),
    disableSubscriptionOverrides: overridesDisabled(topic),
    defaultRequestPolicy: { headerContentType: contentType ?? 'text/plain; charset=UTF-8' },
  }
  return {
    DisplayName: '',
    ...topic.attributes,
    TopicArn: topic.arn,
    Owner: topic.account,
    Policy: policy,
    EffectiveDeliveryPolicy: JSON.stringify({ http }),
    SubscriptionsConfirmed: String(counts.confirmed),
    SubscriptionsPending: String(counts.pending),
    SubscriptionsDeleted: String(topic.subscriptionsDeleted),
  }
}

function overridesDisabled({ attributes: { DeliveryPolicy } }: Topic): boolean {
  return DeliveryPolicy !== undefined && parseTopicDeliveryPolicy(DeliveryPolicy).disableSubscriptionOverrides
}
