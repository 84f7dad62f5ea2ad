import { type Arn, formatArn, parseArn } from '@lockstep/wire'
import type { Context, Target, WriteContext } from '../../gateway/context.ts'
import type { Place } from '../../store/store.ts'
import type { Topic } from '../../store/topics.ts'
import { invalidParameter, topicNotFound } from './errors.ts'

/** CloudFormation's name for a topic. */
export const TOPIC_TYPE = 'AWS::SNS::Topic'

/** Letters, digits, hyphens and underscores, 256 at most. */
export const TOPIC_NAME = /^[A-Za-z0-9_-]{1,256}$/

const ARN_PARTS = 6

/** Where a topic is, and its name. */
export interface TopicRef extends Place {
  readonly name: string
}

export function topicArn(ctx: Context, name: string): string {
  const { partition, region, account } = ctx
  return formatArn({ partition, service: 'sns', region, account, resource: name })
}

/** @param member What the call names the ARN, for AWS's sentence. @throws InvalidParameter */
export function readArn(arn: string, member: string): Arn {
  const parts = arn.split(':').length
  if (parts < ARN_PARTS) {
    throw invalidParameter(`${member} Reason: An ARN must have at least 6 elements, not ${parts}`)
  }
  const parsed = parseArn(arn)
  if (parsed?.service !== 'sns') throw invalidParameter(member)
  return parsed
}

/** @throws InvalidParameter for what is no topic's ARN of the call's region */
export function readTopicArn(ctx: Context, arn: string, member = 'TopicArn'): TopicRef {
  const { account, region, partition, resource } = readArn(arn, member)
  if (region !== ctx.region || partition !== ctx.partition || !TOPIC_NAME.test(resource)) {
    throw invalidParameter(member)
  }
  return { account, region, name: resource }
}

/** The topic that an ARN names. @throws NotFound, InvalidParameter */
export async function findTopic(ctx: Context, arn: string, member?: string): Promise<Topic> {
  const ref = readTopicArn(ctx, arn, member)
  const topic = await ctx.store.topics.topic(ref, ref.name)
  if (!topic) throw topicNotFound()
  return topic
}

/** The same, held until the call's transaction ends. */
async function holdTopic(ctx: WriteContext, arn: string): Promise<Topic> {
  const ref = readTopicArn(ctx, arn)
  const topic = await ctx.store.topics.holdTopic(ref, ref.name)
  if (!topic) throw topicNotFound()
  return topic
}

/** A topic as policies see it; one that is not there, by the ARN that the caller gave. */
export function topicTarget(ctx: Context, arn: string, topic: Topic | undefined): Target {
  if (topic) {
    const { account, tags, policy } = topic
    return { arn: topic.arn, account, type: TOPIC_TYPE, tags, policy: policy.bound }
  }
  const parsed = parseArn(arn)
  const isTopic = parsed?.service === 'sns'
  return { arn: isTopic ? arn : '*', account: isTopic ? parsed.account : ctx.account, type: TOPIC_TYPE }
}

/** An operation on one topic that reads it. */
export function readsTopic() {
  return {
    resource: ({ TopicArn }: { TopicArn: string }, ctx: Context) => findTopic(ctx, TopicArn),
    target: ({ TopicArn }: { TopicArn: string }, ctx: Context, topic: Topic | undefined) =>
      topicTarget(ctx, TopicArn, topic),
  }
}

/** An operation on one topic that changes it. */
export function changesTopic() {
  return {
    resource: ({ TopicArn }: { TopicArn: string }, ctx: WriteContext) => holdTopic(ctx, TopicArn),
    target: ({ TopicArn }: { TopicArn: string }, ctx: Context, topic: Topic | undefined) =>
      topicTarget(ctx, TopicArn, topic),
  }
}
