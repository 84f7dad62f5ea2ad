import type { DeleteTrailRequest, DeleteTrailResponse } from '@aws-sdk/client-cloudtrail'
import { writeOperation } from '../../gateway/operation.ts'
import type { DeliveryTrail } from '../../store/deliveries.ts'
import { DELIVER_TRAIL } from '../../trail/delivery/job.ts'
import { onOwnTrail } from './trails.ts'

/**
 * Ends a trail at once: what it has not delivered yet it will not deliver.
 * @see https://docs.aws.amazon.com/awscloudtrail/latest/APIReference/API_DeleteTrail.html
 */
export const DeleteTrail = writeOperation<DeleteTrailRequest, DeleteTrailResponse, DeliveryTrail>({
  action: 'cloudtrail:DeleteTrail',
  ...onOwnTrail(({ Name }: DeleteTrailRequest) => Name),

  async run(_input, { store }, trail) {
    await store.deliveries.remove(trail)
    await store.jobs.cancel(trail, DELIVER_TRAIL, trail.id)
    return {}
  },
})
