import type { CreateTrailRequest, UpdateTrailRequest } from '@aws-sdk/client-cloudtrail'
import { formatArn, parseArn } from '@lockstep/wire'
import type { Context } from '../../gateway/context.ts'
import type { DeliveryTrail, TrailSettings } from '../../store/deliveries.ts'
import { topicFor } from '../../trail/delivery/topic.ts'
import {
  invalidCombination,
  invalidTopicName,
  noCloudWatchLogs,
  noTopic,
  organizationsNotInUse,
  tooManyTrails,
  trailAlreadyExists,
  unsupported,
} from './errors.ts'
import { demandBucket, prefixIn } from './names.ts'
import { EVERY_EVENT } from './selectors.ts'
import { isSeenIn, TRAILS_PER_REGION } from './trails.ts'

/** @see https://docs.aws.amazon.com/sns/latest/api/API_CreateTopic.html */
const TOPIC_NAME = /^[\w-]{1,256}$/

type Asked = Omit<CreateTrailRequest, 'Name' | 'S3BucketName'> & Pick<UpdateTrailRequest, 'S3BucketName'>

/**
 * Settings as they are asked for, on top of those that there are.
 *
 * DIVERGENCE: organizations, CloudWatch Logs and a KMS key of the trail's own are refused and not ignored. What is
 * in a bucket is encrypted by that bucket's own settings.
 */
export async function askedSettings(
  ctx: Context,
  { name, asked }: { readonly name: string; readonly asked: Asked },
  before?: TrailSettings,
): Promise<TrailSettings> {
  refuseUnsupported(asked)
  const bucket = asked.S3BucketName ?? before?.bucket ?? ''
  demandBucket(bucket, ctx.trailBuckets)
  const { prefix: former, topicArn: heard, ...kept }: Partial<TrailSettings> = before ?? {}
  const prefix = asked.S3KeyPrefix === undefined ? former : prefixIn(asked.S3KeyPrefix)
  const isMultiRegion = asked.IsMultiRegionTrail ?? before?.isMultiRegion ?? false
  const includesGlobal = asked.IncludeGlobalServiceEvents ?? before?.includesGlobal ?? true
  if (isMultiRegion && !includesGlobal)
    throw invalidCombination('Multi-Region trail must include global service events.')
  const topicArn = asked.SnsTopicName === undefined ? heard : await askedTopic(ctx, name, asked.SnsTopicName)
  return {
    choices: EVERY_EVENT,
    ...kept,
    bucket,
    ...(topicArn !== undefined && { topicArn }),
    ...(prefix !== undefined && { prefix }),
    isMultiRegion,
    includesGlobal,
    validation: asked.EnableLogFileValidation ?? before?.validation ?? false,
  }
}

/** The topic's ARN; nothing for an empty name, which takes it away. @throws InsufficientSnsTopicPolicyException */
async function askedTopic(ctx: Context, name: string, asked: string): Promise<string | undefined> {
  if (asked === '') return undefined
  const { account, region, partition } = ctx
  if (!TOPIC_NAME.test(asked) && parseArn(asked)?.service !== 'sns') throw invalidTopicName(asked)
  const arn = asked.startsWith('arn:')
    ? asked
    : formatArn({ partition, service: 'sns', region, account, resource: asked })
  if (!(await topicFor(ctx.store.topics, arn, { account, region, name }))) throw noTopic()
  return arn
}

function refuseUnsupported(asked: Asked): void {
  if (asked.IsOrganizationTrail) throw organizationsNotInUse()
  if (asked.CloudWatchLogsLogGroupArn || asked.CloudWatchLogsRoleArn) throw noCloudWatchLogs()
  if (asked.KmsKeyId)
    throw unsupported(
      "A trail's files are not encrypted under a key of its own: set the bucket's encryption.",
    )
}

/**
 * Whether a trail can be what is asked for beside the account's others: a trail of all regions shows itself in each.
 * @throws TrailAlreadyExistsException, MaximumNumberOfTrailsExceededException
 */
export function demandRoom(
  { account, region, name, settings }: Pick<DeliveryTrail, 'account' | 'region' | 'name' | 'settings'>,
  others: readonly DeliveryTrail[],
): void {
  const isTaken = others.some(
    (other) =>
      other.name === name &&
      (other.region === region || other.settings.isMultiRegion || settings.isMultiRegion),
  )
  if (isTaken) throw trailAlreadyExists(name, account)
  const regions = settings.isMultiRegion ? [region, ...others.map((other) => other.region)] : [region]
  for (const each of regions) {
    if (others.filter((other) => isSeenIn(other, each)).length >= TRAILS_PER_REGION)
      throw tooManyTrails(account, TRAILS_PER_REGION, each)
  }
}
