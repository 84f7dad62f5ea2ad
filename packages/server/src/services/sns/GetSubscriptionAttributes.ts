import type { GetSubscriptionAttributesInput, GetSubscriptionAttributesResponse } from '@aws-sdk/client-sns'
import { readOperation } from '../../gateway/operation.ts'
import { effectivePolicy, shownRetries } from '../../notify/delivery-policy.ts'
import { subscriptionArn, topicArnOf } from '../../notify/subscription-arn.ts'
import type { Subscription, Topic } from '../../store/topics.ts'
import { findSubscription, subscriptionTarget } from './subscriptions.ts'

/** @see https://docs.aws.amazon.com/sns/latest/api/API_GetSubscriptionAttributes.html */
export const GetSubscriptionAttributes = readOperation<
  GetSubscriptionAttributesInput,
  GetSubscriptionAttributesResponse,
  Subscription
>({
  action: 'SNS:GetSubscriptionAttributes',
  resource: ({ SubscriptionArn }, ctx) => findSubscription(ctx, SubscriptionArn),
  target: (_, ctx, found) => subscriptionTarget(ctx, found),
  async run(_, { store }, found) {
    const topic = await store.topics.topic(found, found.topic)
    return { Attributes: shown(found, topic) }
  },
})

function shown(found: Subscription, topic: Topic | undefined): Record<string, string> {
  const isHttp = found.protocol === 'http' || found.protocol === 'https'
  const isFiltered = found.attributes.FilterPolicy !== undefined
  return {
    RawMessageDelivery: 'false',
    ...(isFiltered && { FilterPolicyScope: 'MessageAttributes' }),
    ...found.attributes,
    SubscriptionArn: subscriptionArn(found),
    TopicArn: topicArnOf(found),
    Owner: found.owner,
    Protocol: found.protocol,
    Endpoint: found.endpoint,
    PendingConfirmation: String(found.state === 'pending'),
    ConfirmationWasAuthenticated: String(found.authenticatedUnsubscribe || found.protocol === 'lambda'),
    ...(isHttp && { EffectiveDeliveryPolicy: effective(found, topic) }),
  }
}

function effective({ attributes }: Subscription, topic: Topic | undefined): string {
  const { retries, contentType } = effectivePolicy(
    topic?.attributes.DeliveryPolicy,
    attributes.DeliveryPolicy,
  )
  return JSON.stringify({
    healthyRetryPolicy: shownRetries(retries),
    requestPolicy: { headerContentType: contentType ?? 'text/plain; charset=UTF-8' },
  })
}
