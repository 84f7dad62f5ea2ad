import type { StopLoggingRequest, StopLoggingResponse } from '@aws-sdk/client-cloudtrail'
import { writeOperation } from '../../gateway/operation.ts'
import type { DeliveryTrail } from '../../store/deliveries.ts'
import { isLogging, onOwnTrail } from './trails.ts'

/**
 * Nothing that happens after this call goes into the trail's files; what happened before is still delivered.
 * @see https://docs.aws.amazon.com/awscloudtrail/latest/APIReference/API_StopLogging.html
 */
export const StopLogging = writeOperation<StopLoggingRequest, StopLoggingResponse, DeliveryTrail>({
  action: 'cloudtrail:StopLogging',
  ...onOwnTrail(({ Name }: StopLoggingRequest) => Name),

  async run(_input, { store, clock }, trail) {
    if (isLogging(trail)) await store.deliveries.save({ ...trail, stoppedAt: clock.now() })
    return {}
  },
})
