import type { RemoveTagsRequest, RemoveTagsResponse } from '@aws-sdk/client-cloudtrail'
import { writeOperation } from '../../gateway/operation.ts'
import type { DeliveryTrail } from '../../store/deliveries.ts'
import { withoutTags } from './tags.ts'
import { demandArn, onOwnTrail } from './trails.ts'

/** @see https://docs.aws.amazon.com/awscloudtrail/latest/APIReference/API_RemoveTags.html */
export const RemoveTags = writeOperation<RemoveTagsRequest, RemoveTagsResponse, DeliveryTrail>({
  action: 'cloudtrail:RemoveTags',
  ...onOwnTrail(({ ResourceId }: RemoveTagsRequest) => demandArn(ResourceId ?? '')),
  keys: (input) => ({ 'aws:TagKeys': input.TagsList.map(({ Key = '' }) => Key) }),

  async run({ TagsList }, { store }, trail) {
    await store.deliveries.save({ ...trail, tags: withoutTags(trail.tags, TagsList) })
    return {}
  },
})
