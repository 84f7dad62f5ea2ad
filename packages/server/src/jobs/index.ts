import { DELIVER_EVENT } from '../bus/delivery.ts'
import { FIRE_RULE } from '../bus/firing.ts'
import { DELETE_JOB, ROTATE_JOB } from '../envelope/rotation.ts'
import { PURGE_SECRET } from '../store/secrets.ts'
import { deleteKmsKey } from './delete-kms-key.ts'
import { deliverEvent } from './deliver-event.ts'
import { fireRule } from './fire-rule.ts'
import type { RunJob } from './job.ts'
import { purgeSecret } from './purge-secret.ts'
import { rotateKmsKey } from './rotate-kms-key.ts'

/** Every kind of job and what runs it. A kind that is missing here is never claimed. */
export const jobs: Readonly<Record<string, RunJob>> = {
  [PURGE_SECRET]: purgeSecret,
  [DELETE_JOB]: deleteKmsKey,
  [ROTATE_JOB]: rotateKmsKey,
  [DELIVER_EVENT]: deliverEvent,
  [FIRE_RULE]: fireRule,
}
