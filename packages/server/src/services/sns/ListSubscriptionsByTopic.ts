import type { ListSubscriptionsByTopicInput, ListSubscriptionsByTopicResponse } from '@aws-sdk/client-sns'
import { readOperation } from '../../gateway/operation.ts'
import type { Topic } from '../../store/topics.ts'
import { pageOf } from './paging.ts'
import { listed } from './subscriptions.ts'
import { readsTopic } from './topic-arn.ts'

/** @see https://docs.aws.amazon.com/sns/latest/api/API_ListSubscriptionsByTopic.html */
export const ListSubscriptionsByTopic = readOperation<
  ListSubscriptionsByTopicInput,
  ListSubscriptionsByTopicResponse,
  Topic
>({
  action: 'SNS:ListSubscriptionsByTopic',
  ...readsTopic(),
  async run({ NextToken }, ctx, topic) {
    const { items, next } = await pageOf(ctx, NextToken, {
      of: ['ListSubscriptionsByTopic', topic.arn],
      fetch: (page) => ctx.store.topics.subscriptions(topic, page),
      cursor: ({ id }) => id,
    })
    return { Subscriptions: items.map(listed), ...next }
  },
})
