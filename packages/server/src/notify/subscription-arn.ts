import { formatArn, partitionOf } from '@lockstep/wire'
import type { Subscription } from '../store/topics.ts'

/** The ARN of the topic that a subscription is of. */
export function topicArnOf({ account, region, topic }: Subscription): string {
  return formatArn({ partition: partitionOf(region), service: 'sns', region, account, resource: topic })
}

export function subscriptionArn(subscription: Subscription): string {
  return `${topicArnOf(subscription)}:${subscription.id}`
}
