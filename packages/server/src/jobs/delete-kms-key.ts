import { removeIfDue } from '../envelope/rotation.ts'
import { kmsLock } from '../store/locks.ts'
import { inTransaction } from './job.ts'
import { kmsEvent } from './kms-event.ts'

/**
 * Erases a KMS key whose waiting period is over, and with it the way to whatever it encrypted.
 * @see https://docs.aws.amazon.com/kms/latest/developerguide/ct-delete-key.html
 */
export const deleteKmsKey = inTransaction(
  async (tx, job, { random, now }) =>
    (await removeIfDue(tx, random, job, now)) ? kmsEvent('DeleteKey', job, { now, random }) : undefined,
  { lock: ({ region }) => kmsLock(region) },
)
