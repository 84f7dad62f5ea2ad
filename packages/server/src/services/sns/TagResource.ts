import type { TagResourceRequest } from '@aws-sdk/client-sns'
import { writeOperation } from '../../gateway/operation.ts'
import type { Topic } from '../../store/topics.ts'
import { holdTagged, taggedTarget } from './tagged-resource.ts'
import { tagConditions, withTags } from './tags.ts'

/** @see https://docs.aws.amazon.com/sns/latest/api/API_TagResource.html */
export const TagResource = writeOperation<TagResourceRequest, object, Topic>({
  action: 'SNS:TagResource',
  resource: ({ ResourceArn }, ctx) => holdTagged(ctx, ResourceArn),
  target: taggedTarget,
  keys: ({ Tags }) => tagConditions(Tags),
  async run({ Tags }, { store }, topic) {
    await store.topics.saveTopic({ ...topic, tags: withTags(topic.tags, Tags) })
    return {}
  },
})
