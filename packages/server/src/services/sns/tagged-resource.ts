import type { Context, Target, WriteContext } from '../../gateway/context.ts'
import type { Topic } from '../../store/topics.ts'
import { resourceNotFound } from './errors.ts'
import { readTopicArn, topicTarget } from './topic-arn.ts'

/** The topic whose tags a call is about. @throws ResourceNotFound, InvalidParameter */
export async function findTagged(ctx: Context, arn: string): Promise<Topic> {
  const ref = readTopicArn(ctx, arn, 'ResourceArn')
  const topic = await ctx.store.topics.topic(ref, ref.name)
  if (!topic) throw resourceNotFound()
  return topic
}

/** The same, held until the call's transaction ends. */
export async function holdTagged(ctx: WriteContext, arn: string): Promise<Topic> {
  const ref = readTopicArn(ctx, arn, 'ResourceArn')
  const topic = await ctx.store.topics.holdTopic(ref, ref.name)
  if (!topic) throw resourceNotFound()
  return topic
}

export function taggedTarget(
  { ResourceArn }: { ResourceArn: string },
  ctx: Context,
  topic: Topic | undefined,
): Target {
  return topicTarget(ctx, ResourceArn, topic)
}
