import type { ConfirmSubscriptionInput, ConfirmSubscriptionResponse } from '@aws-sdk/client-sns'
import { writeOperation } from '../../gateway/operation.ts'
import { EXPIRE_SUBSCRIPTION } from '../../notify/confirmation.ts'
import { subscriptionArn } from '../../notify/subscription-arn.ts'
import { isToken, subscriptionIdOf } from '../../notify/token.ts'
import type { Topic } from '../../store/topics.ts'
import { invalidParameter, topicNotFound } from './errors.ts'
import { readTopicArn, topicTarget } from './topic-arn.ts'

/**
 * Confirms a subscription by the token that its endpoint was sent: by a signed call, or by the link. To confirm
 * again does no harm. Whoever comes by the link learns nothing but whether the token is good.
 *
 * @see https://docs.aws.amazon.com/sns/latest/api/API_ConfirmSubscription.html
 */
export const ConfirmSubscription = writeOperation<
  ConfirmSubscriptionInput,
  ConfirmSubscriptionResponse,
  Topic | undefined
>({
  action: 'SNS:ConfirmSubscription',
  byLink: true,
  async resource({ TopicArn }, ctx) {
    const ref = readTopicArn(ctx, TopicArn)
    const topic = await ctx.store.topics.topic(ref, ref.name)
    if (!topic && ctx.principal.kind !== 'anonymous') throw topicNotFound()
    return topic
  },
  target: ({ TopicArn }, ctx, topic) => topicTarget(ctx, TopicArn, topic),

  async run({ TopicArn, Token, AuthenticateOnUnsubscribe }, ctx) {
    const { store, clock, principal } = ctx
    const ref = readTopicArn(ctx, TopicArn)
    // Asked for whatever the token looks like: a good guess at its form is told by no difference in time.
    const id = subscriptionIdOf(Token) ?? ''
    const held = await store.topics.holdSubscription(ref, ref.name, id)
    if (!isToken(Token, held?.token, clock.now()) || !held) throw invalidParameter('Token')
    const arn = subscriptionArn(held)
    if (held.state === 'pending') {
      await store.topics.saveSubscription({
        ...held,
        state: 'confirmed',
        authenticatedUnsubscribe: principal.kind !== 'anonymous' && AuthenticateOnUnsubscribe === 'true',
      })
      await store.jobs.cancel(held, EXPIRE_SUBSCRIPTION, arn)
    }
    return { SubscriptionArn: arn }
  },
})
