import type { AddTagsToResourceRequest } from '@aws-sdk/client-ssm'
import { writeOperation } from '../../gateway/operation.ts'
import { findTagged, type Tagged, taggedTarget } from './taggable.ts'
import { tagConditions, withTags } from './tags.ts'

/** @see https://docs.aws.amazon.com/systems-manager/latest/APIReference/API_AddTagsToResource.html */
export const AddTagsToResource = writeOperation<AddTagsToResourceRequest, object, Tagged>({
  action: 'ssm:AddTagsToResource',
  resource: findTagged,
  target: taggedTarget,
  keys: ({ Tags }) => tagConditions(Tags),

  async run({ Tags }, ctx, { tags, save }) {
    await save(ctx, withTags(tags, Tags))
    return {}
  },
})
