import {
  CURRENT,
  type Labels,
  PENDING,
  type RotationRun,
  type RotationStep,
  type Secret,
} from '../store/secrets.ts'

const STEPS: readonly RotationStep[] = ['createSecret', 'setSecret', 'testSecret', 'finishSecret']

const MINUTE_MS = 60_000

/** How long after each failed attempt the next one begins. There are as many retries as entries. */
const RETRY_DELAYS_MS = [MINUTE_MS, 5 * MINUTE_MS, 15 * MINUTE_MS, 60 * MINUTE_MS]

export const MAX_ATTEMPTS = RETRY_DELAYS_MS.length + 1

/** How long a rotation that somebody asked for is tried again, unless its window says otherwise. */
export const MANUAL_RETRIES_MS = 24 * 60 * MINUTE_MS

/** The step after one that is done; nothing after the last. A test has one step only. */
export function stepAfter({ kind, step }: RotationRun): RotationStep | undefined {
  return kind === 'test' ? undefined : STEPS[STEPS.indexOf(step) + 1]
}

/** When the next attempt begins after one failed at `now`; nothing where the run is to be given up. */
export function retryAt({ kind, attempts, retryUntil }: RotationRun, now: Date): Date | undefined {
  const delay = kind === 'test' ? undefined : RETRY_DELAYS_MS[attempts - 1]
  if (delay === undefined) return undefined
  const at = new Date(now.getTime() + delay)
  return at <= retryUntil ? at : undefined
}

/** What a new run is about. */
export interface NewRun extends Pick<RotationRun, 'kind' | 'versionId' | 'retryUntil'> {
  readonly now: Date
}

/** The secret once AWSPENDING has moved to the version of a new run. */
export function begun(secret: Secret, { kind, versionId, retryUntil, now }: NewRun): Secret {
  const run: RotationRun = {
    kind,
    versionId,
    step: kind === 'test' ? 'testSecret' : 'createSecret',
    startedAt: now,
    retryUntil,
    attempts: 0,
    givenUp: false,
  }
  return withRun({ ...secret, labels: new Map(secret.labels).set(PENDING, versionId), changedAt: now }, run)
}

/** The secret with another state of its run, or without one. */
export function withRun(secret: Secret, run: RotationRun | undefined): Secret {
  return { ...secret, rotation: { enabled: false, ...secret.rotation, run } }
}

/**
 * Whether AWSPENDING is in the way of a new rotation: on a version that is not current. Where it is the version of a
 * run that was given up, that run goes on instead.
 */
export function pendingElsewhere({ labels }: Pick<Secret, 'labels'>): boolean {
  const pending = labels.get(PENDING)
  return pending !== undefined && pending !== labels.get(CURRENT)
}

/** Whether a run still has its version: once finishSecret has moved AWSCURRENT to it, AWSPENDING may be gone. */
export function holdsVersion({ labels }: Pick<Secret, 'labels'>, { versionId }: RotationRun): boolean {
  return labels.get(PENDING) === versionId || labels.get(CURRENT) === versionId
}

/**
 * Whether somebody took AWSPENDING away from a run that has no step under way: it is over, though its next attempt has
 * not found that out yet.
 */
export function isAbandoned(secret: Pick<Secret, 'labels'>, run: RotationRun): boolean {
  return run.tokenDigest === undefined && !holdsVersion(secret, run)
}

/** Labels without AWSPENDING, where that is on the version of the run. */
export function withoutPending(labels: Labels, versionId: string): Labels {
  if (labels.get(PENDING) !== versionId) return labels
  const left = new Map(labels)
  left.delete(PENDING)
  return left
}
