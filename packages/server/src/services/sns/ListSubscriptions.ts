import type { ListSubscriptionsInput, ListSubscriptionsResponse } from '@aws-sdk/client-sns'
import { readOperation } from '../../gateway/operation.ts'
import { positionOf, type Subscription } from '../../store/topics.ts'
import { pageOf } from './paging.ts'
import { listed } from './subscriptions.ts'

/**
 * What the caller's account subscribed to.
 *
 * @see https://docs.aws.amazon.com/sns/latest/api/API_ListSubscriptions.html
 */
export const ListSubscriptions = readOperation<ListSubscriptionsInput, ListSubscriptionsResponse>({
  action: 'SNS:ListSubscriptions',
  async run({ NextToken }, ctx) {
    const { items, next } = await pageOf<Subscription>(ctx, NextToken, {
      of: ['ListSubscriptions'],
      fetch: (page) => ctx.store.topics.subscriptionsOfOwner(ctx, page),
      cursor: positionOf,
    })
    return { Subscriptions: items.map(listed), ...next }
  },
})
