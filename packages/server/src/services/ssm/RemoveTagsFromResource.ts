import type { RemoveTagsFromResourceRequest } from '@aws-sdk/client-ssm'
import { taggedWithout } from '../../fleet/tags.ts'
import { writeOperation } from '../../gateway/operation.ts'
import { findTagged, type Tagged, taggedTarget } from './taggable.ts'

/** @see https://docs.aws.amazon.com/systems-manager/latest/APIReference/API_RemoveTagsFromResource.html */
export const RemoveTagsFromResource = writeOperation<RemoveTagsFromResourceRequest, object, Tagged>({
  action: 'ssm:RemoveTagsFromResource',
  resource: findTagged,
  target: taggedTarget,
  keys: ({ TagKeys }) => ({ 'aws:TagKeys': TagKeys }),

  async run({ TagKeys }, ctx, { tags, save }) {
    await save(ctx, taggedWithout(tags, TagKeys))
    return {}
  },
})
