import type { Random } from '../platform/random.ts'
import type { RotationWindow } from '../schedule/rotation-window.ts'
import { ROTATE_SECRET, type Secret, START_ROTATION } from '../store/secrets.ts'
import type { Writers } from '../store/store.ts'
import { begun, type NewRun, withoutPending, withRun } from './run.ts'
import { openWindow, startWithin, windowAfter } from './windows.ts'

type Doors = { readonly random: Random; readonly now: Date }

/**
 * Reserves a version without a value for a run, puts AWSPENDING on it and queues the job that does the steps, all in
 * the caller's transaction. Room for the version must have been made. Answers the secret, still to be written.
 */
export async function reserve(tx: Writers, secret: Secret, run: NewRun, random: Random): Promise<Secret> {
  await tx.secrets.addVersion(secret, secret.arn, { id: run.versionId, createdAt: run.now })
  const reserved = begun(secret, run)
  await queueRun(tx, reserved, { random, now: run.now })
  return reserved
}

/** Queues the job that goes on with the secret's run. */
export async function queueRun(tx: Writers, secret: Secret, { random, now }: Doors): Promise<void> {
  const { account, region, arn, rotation } = secret
  const payload = { versionId: rotation?.run?.versionId }
  await tx.jobs.queue({
    account,
    region,
    id: random.uuid(),
    kind: ROTATE_SECRET,
    key: arn,
    runAt: now,
    payload,
  })
}

/** Queues the next window that opens after `after`, or none where the secret does not rotate by itself. */
export async function queueWindowAfter(
  tx: Writers,
  secret: Secret,
  after: Date,
  doors: Doors,
): Promise<void> {
  await queueWindow(tx, secret, secret.rotation && windowAfter(secret.rotation, after), doors)
}

/** Queues the window that is open now, or the next one: what was missed while nobody could rotate is over. */
export async function queueOpenWindow(tx: Writers, secret: Secret, doors: Doors): Promise<void> {
  await queueWindow(tx, secret, secret.rotation && openWindow(secret.rotation, doors.now), doors)
}

async function queueWindow(
  tx: Writers,
  secret: Secret,
  window: RotationWindow | undefined,
  { random, now }: Doors,
): Promise<void> {
  const { account, region, arn } = secret
  if (!window) return tx.jobs.cancel(secret, START_ROTATION, arn)
  const startsAt = startWithin(window, secret)
  await tx.jobs.queue({
    account,
    region,
    id: random.uuid(),
    kind: START_ROTATION,
    key: arn,
    runAt: startsAt > now ? startsAt : now,
    payload: { opensAt: window.opensAt.getTime(), closesAt: window.closesAt.getTime() },
  })
}

/** Takes both jobs off the queue: no step begins any more. */
export async function stopJobs(tx: Writers, secret: Secret): Promise<void> {
  await tx.jobs.cancel(secret, ROTATE_SECRET, secret.arn)
  await tx.jobs.cancel(secret, START_ROTATION, secret.arn)
}

/** Undoes {@link stopJobs}: a run goes on with the step it was at, the schedule with the window that is open or next. */
export async function resumeJobs(tx: Writers, secret: Secret, doors: Doors): Promise<void> {
  const run = secret.rotation?.run
  if (run && !run.givenUp) await queueRun(tx, secret, doors)
  await queueOpenWindow(tx, secret, doors)
}

/**
 * Ends a run for good: AWSPENDING goes, and the version, too, where it has neither a value nor another label.
 * Answers the secret, still to be written.
 */
export async function discardRun(tx: Writers, secret: Secret, now: Date): Promise<Secret> {
  const run = secret.rotation?.run
  if (!run) return secret
  const labels = withoutPending(secret.labels, run.versionId)
  const left = withRun({ ...secret, labels, changedAt: now }, undefined)
  const version = await tx.secrets.version(secret, secret.arn, run.versionId)
  const isBare = version && (run.kind === 'test' || !version.value)
  if (isBare && ![...labels.values()].includes(run.versionId)) {
    await tx.secrets.removeVersion(secret, secret.arn, run.versionId)
  }
  return left
}
