import type { DeliveryTrail } from '../../store/deliveries.ts'
import type { NewJob } from '../../store/jobs.ts'

/** The job that delivers a trail's files. */
export const DELIVER_TRAIL = 'deliver-trail'

/** The next delivery of a trail; there is one at most. */
export function deliveryJob(
  { account, region, id: key }: Pick<DeliveryTrail, 'account' | 'region' | 'id'>,
  { id, runAt }: Pick<NewJob, 'id' | 'runAt'>,
): NewJob {
  return { account, region, kind: DELIVER_TRAIL, key, id, runAt, payload: {} }
}
