import type { Keyring } from '../keyring/keyring.ts'
import { publish } from '../notify/publish.ts'
import type { Random } from '../platform/random.ts'
import type { DeliveredFile, DeliveryReport, DeliveryTrail, TrailSettings } from '../store/deliveries.ts'
import type { Writers } from '../store/store.ts'
import { topicFor } from '../trail/delivery/topic.ts'

/** What GetTrailStatus shows where a topic could not be told. */
const NOT_ADMITTED = 'AuthorizationError'

/**
 * Tells a trail's topic of files, in the transaction that notes them: subscribers hear of each once it is durable, and
 * of none that is not noted. A topic that is gone or shuts CloudTrail out keeps no file back.
 *
 * @returns What the trail's status has to say of it.
 * @see https://docs.aws.amazon.com/awscloudtrail/latest/userguide/configure-sns-notifications-for-cloudtrail.html
 */
export async function tellOfFiles(
  tx: Writers,
  told: {
    readonly trail: DeliveryTrail
    readonly settings: TrailSettings
    readonly files: readonly DeliveredFile[]
  },
  doors: { readonly random: Random; readonly keyring: Keyring; readonly now: Date },
): Promise<DeliveryReport> {
  const { trail, settings, files } = told
  if (settings.topicArn === undefined) return {}
  const attempt = { notificationAttemptAt: doors.now.getTime() }
  const topic = await topicFor(tx.topics, settings.topicArn, trail)
  if (!topic) return { ...attempt, notificationError: NOT_ADMITTED }
  const s3ObjectKey = files.map(({ object }) => object)
  await publish(tx, topic, { message: JSON.stringify({ s3Bucket: settings.bucket, s3ObjectKey }) }, doors)
  return { ...attempt, notifiedAt: doors.now.getTime() }
}
