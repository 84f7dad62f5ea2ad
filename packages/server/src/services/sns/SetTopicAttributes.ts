import type { SetTopicAttributesInput } from '@aws-sdk/client-sns'
import { writeOperation } from '../../gateway/operation.ts'
import type { Topic } from '../../store/topics.ts'
import { changesTopic } from './topic-arn.ts'
import { readTopicAttributes, withSettings } from './topic-attributes.ts'
import { defaultPolicy } from './topic-policy.ts'

/** @see https://docs.aws.amazon.com/sns/latest/api/API_SetTopicAttributes.html */
export const SetTopicAttributes = writeOperation<SetTopicAttributesInput, object, Topic>({
  action: 'SNS:SetTopicAttributes',
  ...changesTopic(),
  async run({ AttributeName, AttributeValue = '' }, ctx, topic) {
    const settings =
      AttributeName === 'Policy' && AttributeValue === ''
        ? { attributes: {}, policy: defaultPolicy(topic.arn, topic.account) }
        : await readTopicAttributes(ctx, { [AttributeName]: AttributeValue })
    await ctx.store.topics.saveTopic(withSettings(topic, settings))
    return {}
  },
})
