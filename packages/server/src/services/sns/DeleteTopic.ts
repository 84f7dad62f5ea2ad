import type { DeleteTopicInput } from '@aws-sdk/client-sns'
import { writeOperation } from '../../gateway/operation.ts'
import type { Topic } from '../../store/topics.ts'
import { readTopicArn, topicTarget } from './topic-arn.ts'

/**
 * Removes a topic and its subscriptions; one that is not there is no error.
 *
 * @see https://docs.aws.amazon.com/sns/latest/api/API_DeleteTopic.html
 */
export const DeleteTopic = writeOperation<DeleteTopicInput, object, Topic | undefined>({
  action: 'SNS:DeleteTopic',
  resource: async ({ TopicArn }, ctx) => {
    const ref = readTopicArn(ctx, TopicArn)
    return ctx.store.topics.holdTopic(ref, ref.name)
  },
  target: ({ TopicArn }, ctx, topic) => topicTarget(ctx, TopicArn, topic),
  async run(_, { store }, topic) {
    if (topic) await store.topics.removeTopic(topic)
    return {}
  },
})
