import type { Context, Target, WriteContext } from '../../gateway/context.ts'
import { subscriptionArn } from '../../notify/subscription-arn.ts'
import type { Subscription } from '../../store/topics.ts'
import { invalidParameter, subscriptionNotFound } from './errors.ts'
import { readArn, TOPIC_NAME, type TopicRef } from './topic-arn.ts'

/** CloudFormation's name for a subscription. */
const SUBSCRIPTION_TYPE = 'AWS::SNS::Subscription'

/** What lists show in place of the ARN of what is not confirmed. */
const PENDING = 'PendingConfirmation'

interface SubscriptionRef extends TopicRef {
  readonly id: string
}

const UUID = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/

/** @throws InvalidParameter for what is no subscription's ARN of the call's region */
function readSubscriptionArn(ctx: Context, arn: string): SubscriptionRef {
  const { account, region, partition, resource } = readArn(arn, 'SubscriptionArn')
  const [name = '', id = '', ...more] = resource.split(':')
  const isOne = TOPIC_NAME.test(name) && UUID.test(id) && more.length === 0
  if (!isOne || region !== ctx.region || partition !== ctx.partition)
    throw invalidParameter('SubscriptionArn')
  return { account, region, name, id }
}

/** @throws NotFound, InvalidParameter */
export async function findSubscription(ctx: Context, arn: string): Promise<Subscription> {
  const ref = readSubscriptionArn(ctx, arn)
  const found = await ctx.store.topics.subscription(ref, ref.name, ref.id)
  if (!found) throw subscriptionNotFound()
  return found
}

/** The same, held until the call's transaction ends. */
export async function holdSubscription(ctx: WriteContext, arn: string): Promise<Subscription | undefined> {
  const ref = readSubscriptionArn(ctx, arn)
  return ctx.store.topics.holdSubscription(ref, ref.name, ref.id)
}

/**
 * A subscription as policies see it: IAM knows no ARN of one. The owners of the topic and of the subscription
 * may be allowed by their policies; nobody else can be.
 * @see https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazonsns.html
 */
export function subscriptionTarget(ctx: Context, found: Subscription | undefined): Target {
  if (found && ctx.principal.kind === 'anonymous') {
    return { arn: subscriptionArn(found), account: found.account, type: SUBSCRIPTION_TYPE }
  }
  const isOwners = !found || found.owner === ctx.account || found.account === ctx.account
  return { arn: '*', account: isOwners ? ctx.account : found.owner, shownAs: null }
}

/** As lists show it. */
export function listed(subscription: Subscription) {
  const arn = subscriptionArn(subscription)
  return {
    SubscriptionArn: subscription.state === 'confirmed' ? arn : PENDING,
    Owner: subscription.owner,
    Protocol: subscription.protocol,
    Endpoint: subscription.endpoint,
    TopicArn: arn.slice(0, arn.lastIndexOf(':')),
  }
}
