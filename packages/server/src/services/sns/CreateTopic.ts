import { isDeepStrictEqual } from 'node:util'
import type { CreateTopicInput, CreateTopicResponse } from '@aws-sdk/client-sns'
import type { WriteContext } from '../../gateway/context.ts'
import { writeOperation } from '../../gateway/operation.ts'
import type { Topic } from '../../store/topics.ts'
import { invalidParameter, tooManyTopics } from './errors.ts'
import { tagConditions, withTags } from './tags.ts'
import { TOPIC_NAME, TOPIC_TYPE, topicArn } from './topic-arn.ts'
import { readTopicAttributes, withSettings } from './topic-attributes.ts'
import { defaultPolicy } from './topic-policy.ts'

/** @see https://docs.aws.amazon.com/general/latest/gr/sns.html */
const MAX_TOPICS = 100_000

/**
 * Makes a topic; of one that is there as it is asked for, answers the ARN.
 *
 * @see https://docs.aws.amazon.com/sns/latest/api/API_CreateTopic.html
 */
export const CreateTopic = writeOperation<CreateTopicInput, CreateTopicResponse>({
  action: 'SNS:CreateTopic',
  target: ({ Name }, ctx) => ({ arn: topicArn(ctx, Name), account: ctx.account, type: TOPIC_TYPE }),
  keys: ({ Tags }) => tagConditions(Tags),
  also: ({ Name, Tags }, ctx) =>
    Tags && Tags.length > 0
      ? [
          {
            action: 'SNS:TagResource',
            target: { arn: topicArn(ctx, Name), account: ctx.account },
            keys: tagConditions(Tags),
          },
        ]
      : [],

  async run({ Name, Attributes = {}, Tags = [], DataProtectionPolicy }, ctx) {
    if (Name.endsWith('.fifo')) throw invalidParameter('Topic Name Reason: FIFO topics are not supported')
    if (!TOPIC_NAME.test(Name)) throw invalidParameter('Topic Name')
    if (DataProtectionPolicy) throw invalidParameter('DataProtectionPolicy')
    const settings = await readTopicAttributes(ctx, Attributes)
    const tags = withTags({}, Tags)
    const { account, region, store, clock } = ctx
    const held = await store.topics.holdTopic({ account, region }, Name)
    if (held) {
      demandSame(held, withSettings(held, settings), Tags.length > 0 ? tags : held.tags)
      return { TopicArn: held.arn }
    }
    if ((await store.topics.topicCount({ account, region })) >= MAX_TOPICS) throw tooManyTopics()
    const topic = withSettings(newTopic(ctx, Name, clock.now()), settings)
    // Two may ask for the same at once; the one that came second made nothing.
    await store.topics.addTopic({ ...topic, tags })
    return { TopicArn: topic.arn }
  },
})

function newTopic(ctx: WriteContext, name: string, now: Date): Topic {
  const { account, region } = ctx
  const arn = topicArn(ctx, name)
  return {
    account,
    region,
    name,
    arn,
    attributes: {},
    policy: defaultPolicy(arn, account),
    tags: {},
    createdAt: now,
    subscriptionsDeleted: 0,
  }
}

function demandSame(held: Topic, asked: Topic, tags: Topic['tags']): void {
  if (
    !isDeepStrictEqual(held.attributes, asked.attributes) ||
    held.policy.document !== asked.policy.document
  ) {
    throw invalidParameter('Attributes Reason: Topic already exists with different attributes')
  }
  if (!isDeepStrictEqual(held.tags, tags)) {
    throw invalidParameter('Tags Reason: Topic already exists with different tags')
  }
}
