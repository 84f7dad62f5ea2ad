import type { AddTagsRequest, AddTagsResponse } from '@aws-sdk/client-cloudtrail'
import { writeOperation } from '../../gateway/operation.ts'
import type { DeliveryTrail } from '../../store/deliveries.ts'
import { tagConditions, withTags } from './tags.ts'
import { demandArn, onOwnTrail } from './trails.ts'

/** @see https://docs.aws.amazon.com/awscloudtrail/latest/APIReference/API_AddTags.html */
export const AddTags = writeOperation<AddTagsRequest, AddTagsResponse, DeliveryTrail>({
  action: 'cloudtrail:AddTags',
  ...onOwnTrail(({ ResourceId }: AddTagsRequest) => demandArn(ResourceId ?? '')),
  keys: (input) => tagConditions(input.TagsList),

  async run({ TagsList }, { store }, trail) {
    await store.deliveries.save({ ...trail, tags: withTags(trail.tags, TagsList) })
    return {}
  },
})
