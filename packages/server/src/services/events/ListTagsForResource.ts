import type { ListTagsForResourceRequest, ListTagsForResourceResponse } from '@aws-sdk/client-eventbridge'
import { readOperation } from '../../gateway/operation.ts'
import type { Rule } from '../../store/rules.ts'
import { onTagged } from './tagged.ts'

/** @see https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_ListTagsForResource.html */
export const ListTagsForResource = readOperation<
  ListTagsForResourceRequest,
  ListTagsForResourceResponse,
  Rule
>({
  ...onTagged('ListTagsForResource'),
  run: async (_input, _ctx, { tags }) => ({
    Tags: Object.entries(tags).map(([Key, Value]) => ({ Key, Value })),
  }),
})
