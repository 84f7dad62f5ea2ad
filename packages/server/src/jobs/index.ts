import { DELETE_JOB, ROTATE_JOB } from '../envelope/rotation.ts'
import { EXPIRE_SUBSCRIPTION } from '../notify/confirmation.ts'
import { DELIVER_NOTIFICATION } from '../notify/publish.ts'
import { PURGE_SECRET } from '../store/secrets.ts'
import { deleteKmsKey } from './delete-kms-key.ts'
import { deliverNotification } from './deliver-notification.ts'
import { expireSubscription } from './expire-subscription.ts'
import type { RunJob } from './job.ts'
import { purgeSecret } from './purge-secret.ts'
import { rotateKmsKey } from './rotate-kms-key.ts'

/** Every kind of job and what runs it. A kind that is missing here is never claimed. */
export const jobs: Readonly<Record<string, RunJob>> = {
  [PURGE_SECRET]: purgeSecret,
  [DELETE_JOB]: deleteKmsKey,
  [ROTATE_JOB]: rotateKmsKey,
  [DELIVER_NOTIFICATION]: deliverNotification,
  [EXPIRE_SUBSCRIPTION]: expireSubscription,
}
