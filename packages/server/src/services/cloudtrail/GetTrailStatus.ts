import type { GetTrailStatusRequest, GetTrailStatusResponse } from '@aws-sdk/client-cloudtrail'
import { readOperation } from '../../gateway/operation.ts'
import type { DeliveryTrail } from '../../store/deliveries.ts'
import { isLogging, onTrail } from './trails.ts'

/**
 * How a trail's deliveries went. Whatever it says, the record of events itself lacks nothing.
 * @see https://docs.aws.amazon.com/awscloudtrail/latest/APIReference/API_GetTrailStatus.html
 */
export const GetTrailStatus = readOperation<GetTrailStatusRequest, GetTrailStatusResponse, DeliveryTrail>({
  action: 'cloudtrail:GetTrailStatus',
  ...onTrail(({ Name }: GetTrailStatusRequest) => Name),

  async run(_input, { store }, trail) {
    const report = await store.deliveries.report(trail)
    const { startedAt, stoppedAt } = trail
    const at = (ms: number | undefined) => (ms === undefined ? undefined : new Date(ms))
    const text = (instant: Date | undefined) => (instant ? `${instant.toISOString().slice(0, 19)}Z` : '')
    return defined({
      IsLogging: isLogging(trail),
      LatestDeliveryError: report.error,
      LatestDeliveryTime: at(report.deliveredAt),
      StartLoggingTime: startedAt,
      StopLoggingTime: stoppedAt,
      LatestDigestDeliveryTime: at(report.digestAt),
      LatestDigestDeliveryError: report.digestError,
      LatestDeliveryAttemptTime: text(at(report.attemptAt)),
      LatestNotificationTime: at(report.notifiedAt),
      LatestNotificationError: report.notificationError,
      LatestNotificationAttemptTime: text(at(report.notificationAttemptAt)),
      LatestNotificationAttemptSucceeded: text(at(report.notifiedAt)),
      LatestDeliveryAttemptSucceeded: text(at(report.deliveredAt)),
      TimeLoggingStarted: text(startedAt),
      TimeLoggingStopped: text(stoppedAt),
    })
  },
})

/** Without the members that are undefined. */
function defined(status: GetTrailStatusResponse): GetTrailStatusResponse {
  return Object.fromEntries(Object.entries(status).filter(([, value]) => value !== undefined))
}
