import type { PublishInput, PublishResponse } from '@aws-sdk/client-sns'
import { writeOperation } from '../../gateway/operation.ts'
import { publish } from '../../notify/publish.ts'
import type { Topic } from '../../store/topics.ts'
import { invalidParameter } from './errors.ts'
import { readMessage } from './messages.ts'
import { findTopic, topicTarget } from './topic-arn.ts'

/**
 * Publishes to a topic. It is delivered once this has been answered, and tried again where that fails.
 *
 * DIVERGENCE: messages go to topics only, not to telephone numbers or platform endpoints.
 *
 * @see https://docs.aws.amazon.com/sns/latest/api/API_Publish.html
 */
export const Publish = writeOperation<PublishInput, PublishResponse, Topic>({
  action: 'SNS:Publish',
  async resource(input, ctx) {
    if (input.PhoneNumber !== undefined) throw invalidParameter('PhoneNumber Reason: SMS is not supported')
    const arn = arnOf(input)
    if (arn === '') throw invalidParameter('TopicArn or TargetArn Reason: no value for required parameter')
    return findTopic(ctx, arn, input.TopicArn === undefined ? 'TargetArn' : 'TopicArn')
  },
  target: (input, ctx, topic) => topicTarget(ctx, arnOf(input), topic),
  async run(input, { store, random, keyring, clock }, topic) {
    const message = readMessage(input)
    return { MessageId: await publish(store, topic, message, { random, keyring, now: clock.now() }) }
  },
})

function arnOf({ TopicArn, TargetArn }: PublishInput): string {
  return TopicArn ?? TargetArn ?? ''
}
