import { formatArn, parseArn, partitionOf } from '@lockstep/wire'
import { compilePolicy } from '../../policy/compile.ts'
import { parsePolicy } from '../../policy/parse.ts'
import { admitsService } from '../../policy/service-principal.ts'
import type { DeliveryTrail } from '../../store/deliveries.ts'
import type { Topic, TopicReader } from '../../store/topics.ts'

/** The ARN of a trail. */
export function trailArn({
  account,
  region,
  name,
}: Pick<DeliveryTrail, 'account' | 'region' | 'name'>): string {
  const partition = partitionOf(region)
  return formatArn({ partition, service: 'cloudtrail', region, account, resource: `trail/${name}` })
}

/**
 * The topic that a trail tells of its files, where it exists and its policy lets CloudTrail publish for that trail's
 * sake.
 *
 * @see https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-permissions-for-sns-notifications.html
 */
export async function topicFor(
  topics: TopicReader,
  arn: string,
  trail: Pick<DeliveryTrail, 'account' | 'region' | 'name'>,
): Promise<Topic | undefined> {
  const parsed = parseArn(arn)
  const topic = parsed?.service === 'sns' ? await topics.topic(parsed, parsed.resource) : undefined
  if (!topic) return undefined
  const isAdmitted = admitsService(compilePolicy(parsePolicy(topic.policy.bound, 'resource')), {
    service: 'cloudtrail.amazonaws.com',
    action: 'sns:Publish',
    resource: topic.arn,
    resourceAccount: topic.account,
    sourceArn: trailArn(trail),
    sourceAccount: trail.account,
  })
  return isAdmitted ? topic : undefined
}
