import type { UnsubscribeInput } from '@aws-sdk/client-sns'
import { writeOperation } from '../../gateway/operation.ts'
import type { Subscription } from '../../store/topics.ts'
import { invalidParameter, unsubscribeNeedsSignature } from './errors.ts'
import { holdSubscription, subscriptionTarget } from './subscriptions.ts'

/**
 * Ends a subscription: by a signed call of its owner or the topic's, or by the link that every notice has, unless
 * it was confirmed with AuthenticateOnUnsubscribe. What is not there is no error.
 *
 * DIVERGENCE: AWS then sends the endpoint an UnsubscribeConfirmation, by which to undo it; we send nothing.
 *
 * @see https://docs.aws.amazon.com/sns/latest/api/API_Unsubscribe.html
 */
export const Unsubscribe = writeOperation<UnsubscribeInput, object, Subscription | undefined>({
  action: 'SNS:Unsubscribe',
  byLink: true,
  resource: ({ SubscriptionArn }, ctx) => holdSubscription(ctx, SubscriptionArn),
  target: (_, ctx, held) => subscriptionTarget(ctx, held),
  async run(_, { store, principal }, held) {
    if (!held) return {}
    if (principal.kind === 'anonymous' && held.authenticatedUnsubscribe) throw unsubscribeNeedsSignature()
    if (held.state === 'pending') {
      throw invalidParameter(
        'SubscriptionArn Reason: This subscription cannot be deleted because it is pending confirmation',
      )
    }
    await store.topics.removeSubscription(held)
    return {}
  },
})
