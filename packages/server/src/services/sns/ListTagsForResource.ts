import type { ListTagsForResourceRequest, ListTagsForResourceResponse } from '@aws-sdk/client-sns'
import { readOperation } from '../../gateway/operation.ts'
import type { Topic } from '../../store/topics.ts'
import { findTagged, taggedTarget } from './tagged-resource.ts'
import { tagList } from './tags.ts'

/** @see https://docs.aws.amazon.com/sns/latest/api/API_ListTagsForResource.html */
export const ListTagsForResource = readOperation<
  ListTagsForResourceRequest,
  ListTagsForResourceResponse,
  Topic
>({
  action: 'SNS:ListTagsForResource',
  resource: ({ ResourceArn }, ctx) => findTagged(ctx, ResourceArn),
  target: taggedTarget,
  run: async (_, _ctx, topic) => ({ Tags: tagList(topic.tags) }),
})
