import type { UntagResourceRequest } from '@aws-sdk/client-sns'
import { writeOperation } from '../../gateway/operation.ts'
import type { Topic } from '../../store/topics.ts'
import { holdTagged, taggedTarget } from './tagged-resource.ts'
import { withoutTags } from './tags.ts'

/** @see https://docs.aws.amazon.com/sns/latest/api/API_UntagResource.html */
export const UntagResource = writeOperation<UntagResourceRequest, object, Topic>({
  action: 'SNS:UntagResource',
  resource: ({ ResourceArn }, ctx) => holdTagged(ctx, ResourceArn),
  target: taggedTarget,
  keys: ({ TagKeys }) => (TagKeys.length > 0 ? { 'aws:TagKeys': TagKeys } : {}),
  async run({ TagKeys }, { store }, topic) {
    await store.topics.saveTopic({ ...topic, tags: withoutTags(topic.tags, TagKeys) })
    return {}
  },
})
