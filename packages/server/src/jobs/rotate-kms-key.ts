import { rotateIfDue } from '../envelope/rotation.ts'
import { kmsLock } from '../store/locks.ts'
import { inTransaction } from './job.ts'
import { kmsEvent } from './kms-event.ts'

/**
 * Gives a KMS key that rotates by itself its next material.
 * @see https://docs.aws.amazon.com/kms/latest/developerguide/ct-rotatekey.html
 */
export const rotateKmsKey = inTransaction(
  async (tx, job, { keyring, random, now }) =>
    (await rotateIfDue(tx, { keyring, random }, job, now))
      ? kmsEvent('RotateKey', job, { now, random })
      : undefined,
  { lock: ({ region }) => kmsLock(region) },
)
