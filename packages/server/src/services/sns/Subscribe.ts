import { isDeepStrictEqual } from 'node:util'
import type { SubscribeInput, SubscribeResponse } from '@aws-sdk/client-sns'
import type { WriteContext } from '../../gateway/context.ts'
import { writeOperation } from '../../gateway/operation.ts'
import { askConfirmation } from '../../notify/confirmation.ts'
import { MAX_SUBSCRIPTIONS } from '../../notify/publish.ts'
import { subscriptionArn } from '../../notify/subscription-arn.ts'
import type { Subscription, Topic } from '../../store/topics.ts'
import { demandEndpoint, readProtocol } from './endpoints.ts'
import { invalidParameter, tooManySubscriptions } from './errors.ts'
import { withAttributes } from './subscription-attributes.ts'
import { changesTopic } from './topic-arn.ts'

/**
 * Subscribes an endpoint, once it has confirmed that it wants to be. A function needs not be asked: its own
 * policy says whether SNS may invoke it. Subscribing again what is pending asks again.
 *
 * @see https://docs.aws.amazon.com/sns/latest/api/API_Subscribe.html
 */
export const Subscribe = writeOperation<SubscribeInput, SubscribeResponse, Topic>({
  action: 'SNS:Subscribe',
  ...changesTopic(),
  keys: ({ Protocol, Endpoint }) => ({ 'sns:Protocol': Protocol, 'sns:Endpoint': Endpoint }),

  async run({ Protocol, Endpoint, Attributes = {}, ReturnSubscriptionArn }, ctx, topic) {
    const protocol = readProtocol(Protocol)
    const endpoint = demandEndpoint(ctx, protocol, Endpoint)
    const attributes = withAttributes({}, Attributes, protocol, 'Attributes Reason: ')
    const held = await ctx.store.topics.subscriptionOf(topic, protocol, endpoint)
    if (held && Object.keys(Attributes).length > 0 && !isDeepStrictEqual(held.attributes, attributes)) {
      throw invalidParameter('Attributes Reason: Subscription already exists with different attributes')
    }
    const subscription = held ?? (await add(ctx, topic, { protocol, endpoint, attributes }))
    if (subscription.state === 'pending') await askConfirmation(ctx.store, subscription, doorsOf(ctx))
    const isShown = subscription.state === 'confirmed' || ReturnSubscriptionArn === true
    return { SubscriptionArn: isShown ? subscriptionArn(subscription) : 'pending confirmation' }
  },
})

async function add(
  { store, account: owner, random, clock }: WriteContext,
  topic: Topic,
  asked: Pick<Subscription, 'protocol' | 'endpoint' | 'attributes'>,
): Promise<Subscription> {
  const { confirmed, pending } = await store.topics.counts(topic)
  if (confirmed + pending >= MAX_SUBSCRIPTIONS) throw tooManySubscriptions()
  const { account, region, name } = topic
  const subscription: Subscription = {
    ...asked,
    account,
    region,
    topic: name,
    id: random.uuid(),
    owner,
    state: asked.protocol === 'lambda' ? 'confirmed' : 'pending',
    authenticatedUnsubscribe: false,
    token: undefined,
    createdAt: clock.now(),
  }
  await store.topics.addSubscription(subscription)
  return subscription
}

function doorsOf({ random, keyring, clock }: WriteContext) {
  return { random, keyring, now: clock.now() }
}
