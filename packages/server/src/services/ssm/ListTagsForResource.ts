import type { ListTagsForResourceRequest, ListTagsForResourceResult } from '@aws-sdk/client-ssm'
import { readOperation } from '../../gateway/operation.ts'
import { findTagged, type Tagged, taggedTarget } from './taggable.ts'
import { tagList } from './tags.ts'

/** @see https://docs.aws.amazon.com/systems-manager/latest/APIReference/API_ListTagsForResource.html */
export const ListTagsForResource = readOperation<
  ListTagsForResourceRequest,
  ListTagsForResourceResult,
  Tagged
>({
  action: 'ssm:ListTagsForResource',
  resource: findTagged,
  target: taggedTarget,
  run: async (_input, _ctx, { tags }) => ({ TagList: tagList(tags) }),
})
