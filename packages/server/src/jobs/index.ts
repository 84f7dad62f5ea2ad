import { DELIVER_EVENT } from '../bus/delivery.ts'
import { FIRE_RULE } from '../bus/firing.ts'
import { DELETE_JOB, ROTATE_JOB } from '../envelope/rotation.ts'
import { INVOKE_FUNCTION } from '../functions/event-job.ts'
import { EXPIRE_SUBSCRIPTION } from '../notify/confirmation.ts'
import { DELIVER_NOTIFICATION } from '../notify/publish.ts'
import { REPLICATE_SECRET } from '../store/replication.ts'
import { PURGE_SECRET, ROTATE_SECRET, START_ROTATION } from '../store/secrets.ts'
import { deleteKmsKey } from './delete-kms-key.ts'
import { deliverEvent } from './deliver-event.ts'
import { deliverNotification } from './deliver-notification.ts'
import { expireSubscription } from './expire-subscription.ts'
import { fireRule } from './fire-rule.ts'
import { invokeFunction } from './invoke-function.ts'
import type { JobGroup } from './job.ts'
import { purgeSecret } from './purge-secret.ts'
import { replicateSecret } from './replicate-secret.ts'
import { rotateKmsKey } from './rotate-kms-key.ts'
import { rotateSecret } from './rotate-secret.ts'
import { startRotation } from './start-rotation.ts'

/** Every kind of job. One that is missing here is never claimed. */
export const groups: readonly JobGroup[] = [
  {
    name: 'house',
    concurrency: 4,
    jobs: {
      [PURGE_SECRET]: purgeSecret,
      [REPLICATE_SECRET]: replicateSecret,
      [DELETE_JOB]: deleteKmsKey,
      [ROTATE_JOB]: rotateKmsKey,
      [START_ROTATION]: startRotation,
      [EXPIRE_SUBSCRIPTION]: expireSubscription,
    },
  },
  // A step may take fifteen minutes.
  { name: 'rotations', concurrency: 8, jobs: { [ROTATE_SECRET]: rotateSecret } },
  { name: 'deliveries', concurrency: 16, jobs: { [DELIVER_NOTIFICATION]: deliverNotification } },
  { name: 'rules', concurrency: 8, jobs: { [DELIVER_EVENT]: deliverEvent, [FIRE_RULE]: fireRule } },
  { name: 'events', concurrency: 8, jobs: { [INVOKE_FUNCTION]: invokeFunction } },
]
