import type { CreateTrailRequest, UpdateTrailRequest } from '@aws-sdk/client-cloudtrail'
import type { Context } from '../../gateway/context.ts'
import type { DeliveryTrail, TrailSettings } from '../../store/deliveries.ts'
import {
  invalidCombination,
  noCloudWatchLogs,
  organizationsNotInUse,
  tooManyTrails,
  trailAlreadyExists,
  unsupported,
} from './errors.ts'
import { demandBucket, prefixIn } from './names.ts'
import { EVERY_EVENT } from './selectors.ts'
import { isSeenIn, TRAILS_PER_REGION } from './trails.ts'

type Asked = Omit<CreateTrailRequest, 'Name' | 'S3BucketName'> & Pick<UpdateTrailRequest, 'S3BucketName'>

/**
 * Settings as they are asked for, on top of those that there are.
 *
 * DIVERGENCE: organizations, CloudWatch Logs, topics and a KMS key of the trail's own are refused and not ignored. What is
 * in a bucket is encrypted by that bucket's own settings.
 */
export function askedSettings(ctx: Context, asked: Asked, before?: TrailSettings): TrailSettings {
  refuseUnsupported(asked)
  const bucket = asked.S3BucketName ?? before?.bucket ?? ''
  demandBucket(bucket, ctx.trailBuckets)
  const { prefix: former, ...kept } = before ?? { choices: EVERY_EVENT }
  const prefix = asked.S3KeyPrefix === undefined ? former : prefixIn(asked.S3KeyPrefix)
  const isMultiRegion = asked.IsMultiRegionTrail ?? before?.isMultiRegion ?? false
  const includesGlobal = asked.IncludeGlobalServiceEvents ?? before?.includesGlobal ?? true
  if (isMultiRegion && !includesGlobal)
    throw invalidCombination('Multi-Region trail must include global service events.')
  return {
    ...kept,
    bucket,
    ...(prefix !== undefined && { prefix }),
    isMultiRegion,
    includesGlobal,
    validation: asked.EnableLogFileValidation ?? before?.validation ?? false,
  }
}

function refuseUnsupported(asked: Asked): void {
  if (asked.IsOrganizationTrail) throw organizationsNotInUse()
  if (asked.CloudWatchLogsLogGroupArn || asked.CloudWatchLogsRoleArn) throw noCloudWatchLogs()
  if (asked.KmsKeyId)
    throw unsupported(
      "A trail's files are not encrypted under a key of its own: set the bucket's encryption.",
    )
  if (asked.SnsTopicName) throw unsupported('A trail tells no topic of its files.')
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
