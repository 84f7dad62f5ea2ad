import type { SetSubscriptionAttributesInput } from '@aws-sdk/client-sns'
import { writeOperation } from '../../gateway/operation.ts'
import type { Subscription } from '../../store/topics.ts'
import { subscriptionNotFound } from './errors.ts'
import { withAttributes } from './subscription-attributes.ts'
import { holdSubscription, subscriptionTarget } from './subscriptions.ts'

/** @see https://docs.aws.amazon.com/sns/latest/api/API_SetSubscriptionAttributes.html */
export const SetSubscriptionAttributes = writeOperation<SetSubscriptionAttributesInput, object, Subscription>(
  {
    action: 'SNS:SetSubscriptionAttributes',
    async resource({ SubscriptionArn }, ctx) {
      const held = await holdSubscription(ctx, SubscriptionArn)
      if (!held) throw subscriptionNotFound()
      return held
    },
    target: (_, ctx, held) => subscriptionTarget(ctx, held),
    async run({ AttributeName, AttributeValue = '' }, { store }, held) {
      const attributes = withAttributes(held.attributes, { [AttributeName]: AttributeValue }, held.protocol)
      await store.topics.saveSubscription({ ...held, attributes })
      return {}
    },
  },
)
