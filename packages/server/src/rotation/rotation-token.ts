import { createHash, timingSafeEqual } from 'node:crypto'
import type { Random } from '../platform/random.ts'
import type { Rotation } from '../store/secrets.ts'

/** What tells a function's write from others': good for one step of one attempt. */
export function newRotationToken(random: Random): string {
  return `${random.uuid()}-${random.uuid()}`
}

/** What is kept of a token. */
export function digestOf(token: string): string {
  return createHash('sha256').update(token).digest('hex')
}

/** Whether a token is the one that the function of the secret's run holds now, and the version is the run's. */
export function holdsToken(rotation: Rotation | undefined, token: string, versionId: string): boolean {
  const run = rotation?.run
  if (!run?.tokenDigest || run.versionId !== versionId) return false
  return timingSafeEqual(Buffer.from(run.tokenDigest, 'hex'), Buffer.from(digestOf(token), 'hex'))
}
