import type { ListTopicsInput, ListTopicsResponse } from '@aws-sdk/client-sns'
import { readOperation } from '../../gateway/operation.ts'
import { pageOf } from './paging.ts'

/** @see https://docs.aws.amazon.com/sns/latest/api/API_ListTopics.html */
export const ListTopics = readOperation<ListTopicsInput, ListTopicsResponse>({
  action: 'SNS:ListTopics',
  async run({ NextToken }, ctx) {
    const { items, next } = await pageOf(ctx, NextToken, {
      of: ['ListTopics'],
      fetch: (page) => ctx.store.topics.topics(ctx, page),
      cursor: ({ name }) => name,
    })
    return { Topics: items.map(({ arn }) => ({ TopicArn: arn })), ...next }
  },
})
