import type { GetTopicAttributesInput, GetTopicAttributesResponse } from '@aws-sdk/client-sns'
import { shownDocument } from '../../gateway/bound-policy.ts'
import { readOperation } from '../../gateway/operation.ts'
import type { Topic } from '../../store/topics.ts'
import { readsTopic } from './topic-arn.ts'
import { shownAttributes } from './topic-attributes.ts'

/** @see https://docs.aws.amazon.com/sns/latest/api/API_GetTopicAttributes.html */
export const GetTopicAttributes = readOperation<GetTopicAttributesInput, GetTopicAttributesResponse, Topic>({
  action: 'SNS:GetTopicAttributes',
  ...readsTopic(),
  async run(_, ctx, topic) {
    const counts = await ctx.store.topics.counts(topic)
    return { Attributes: { ...shownAttributes(topic, counts, await shownDocument(ctx, topic.policy)) } }
  },
})
