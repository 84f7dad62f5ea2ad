import type { Secret } from '../../store/secrets.ts'
import { markedForDeletion, replicaUnchangeable } from './errors.ts'

/**
 * What every operation asks that changes a secret, once the caller is known to be allowed.
 * @throws InvalidRequestException in the recovery window, InvalidParameterException for a replica.
 */
export function demandChangeable(secret: Secret): void {
  if (secret.deletedAt) throw markedForDeletion()
  demandPrimary(secret)
}

/** @throws InvalidParameterException for a replica: its primary alone is changed. */
export function demandPrimary(secret: Secret): void {
  if (secret.primaryRegion !== undefined) throw replicaUnchangeable()
}
