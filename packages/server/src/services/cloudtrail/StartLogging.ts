import type { StartLoggingRequest, StartLoggingResponse } from '@aws-sdk/client-cloudtrail'
import { writeOperation } from '../../gateway/operation.ts'
import type { DeliveryTrail } from '../../store/deliveries.ts'
import { deliveryJob } from '../../trail/delivery/job.ts'
import { endOfRecord, startedAt as stateStartedAt } from '../../trail/delivery/position.ts'
import { isLogging, onOwnTrail } from './trails.ts'

/**
 * From this call's own event on, the trail delivers. The first delivery is at once, so that GetTrailStatus soon tells
 * whether the bucket takes it.
 * @see https://docs.aws.amazon.com/awscloudtrail/latest/APIReference/API_StartLogging.html
 */
export const StartLogging = writeOperation<StartLoggingRequest, StartLoggingResponse, DeliveryTrail>({
  action: 'cloudtrail:StartLogging',
  ...onOwnTrail(({ Name }: StartLoggingRequest) => Name),

  async run(_input, { store, clock, random }, trail) {
    if (isLogging(trail)) return {}
    const { deliveries, jobs } = store
    const { stoppedAt, ...others } = trail
    const before = await deliveries.state(trail)
    const unfinished = before && stoppedAt ? { state: before.state, stoppedAt } : undefined
    const state = stateStartedAt(await endOfRecord(store.trail), unfinished)
    await deliveries.moveState(trail, before?.revision, state)
    const now = clock.now()
    await deliveries.save({ ...others, startedAt: now })
    await jobs.queue(deliveryJob(trail, { id: random.uuid(), runAt: now }))
    return {}
  },
})
