import { DELETE_JOB, ROTATE_JOB } from '../envelope/rotation.ts'
import { REPLICATE_SECRET } from '../store/replication.ts'
import { PURGE_SECRET } from '../store/secrets.ts'
import { deleteKmsKey } from './delete-kms-key.ts'
import type { RunJob } from './job.ts'
import { purgeSecret } from './purge-secret.ts'
import { replicateSecret } from './replicate-secret.ts'
import { rotateKmsKey } from './rotate-kms-key.ts'

/** Every kind of job and what runs it. A kind that is missing here is never claimed. */
export const jobs: Readonly<Record<string, RunJob>> = {
  [PURGE_SECRET]: purgeSecret,
  [REPLICATE_SECRET]: replicateSecret,
  [DELETE_JOB]: deleteKmsKey,
  [ROTATE_JOB]: rotateKmsKey,
}
