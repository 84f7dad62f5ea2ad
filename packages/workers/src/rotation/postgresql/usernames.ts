import { RotationError } from '../rotation-error.ts'
import type { Credentials } from './credentials.ts'

const SUFFIX = '_clone'
const MAX_NAME_BYTES = 63

/** The two roles that take turns: the first is whose privileges both have. */
export interface Pair {
  readonly original: string
  readonly clone: string
}

/**
 * The pair that a user name belongs to, as AWS's functions make them.
 * @throws RotationError where the clone's name would be longer than PostgreSQL keeps.
 */
export function pairOf(username: string): Pair {
  const original = username.endsWith(SUFFIX) ? username.slice(0, -SUFFIX.length) : username
  if (original === '') throw new RotationError("The secret's username has nothing before its _clone.")
  const clone = original + SUFFIX
  if (Buffer.byteLength(clone) > MAX_NAME_BYTES) {
    throw new RotationError(`The secret's username with _clone has more than ${MAX_NAME_BYTES} bytes.`)
  }
  return { original, clone }
}

/** Whose turn it is after `username`. */
export function alternateOf(username: string): string {
  const { original, clone } = pairOf(username)
  return username === original ? clone : original
}

/**
 * Refuses a pending value that does not follow from the current one: whoever may write a secret must not make the
 * rotation, which may hold a superuser's password, work on another role or at another place.
 */
export function demandSuccessor(current: Credentials, pending: Credentials): void {
  const expected = current.masterArn === undefined ? current.username : alternateOf(current.username)
  if (pending.username !== expected) {
    throw new RotationError('The username of the AWSPENDING value is not the one that follows AWSCURRENT.')
  }
  demandSamePlace(current, pending, 'AWSPENDING value')
}

/** Refuses where two secrets are not for one server. */
export function demandSamePlace(current: Credentials, other: Credentials, what: string): void {
  if (other.host !== current.host || other.port !== current.port) {
    throw new RotationError(`The host or port of the ${what} is not that of AWSCURRENT.`)
  }
}
