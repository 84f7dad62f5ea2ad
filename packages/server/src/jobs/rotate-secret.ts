import { rotationEvent } from '../rotation/event.ts'
import { mayInvoke, rotationFunction } from '../rotation/invocable.ts'
import { type Failure, invokeStep, type PreparedStep } from '../rotation/invoke-step.ts'
import { discardRun, queueWindowAfter } from '../rotation/queue.ts'
import { digestOf, newRotationToken } from '../rotation/rotation-token.ts'
import { holdsVersion, MAX_ATTEMPTS, retryAt, stepAfter, withoutPending, withRun } from '../rotation/run.ts'
import { counted, countsFromRotation } from '../rotation/windows.ts'
import type { ClaimedJob } from '../store/jobs.ts'
import { CURRENT, type RotationRun, type Secret } from '../store/secrets.ts'
import type { Writers } from '../store/store.ts'
import { ClaimLost, type JobRooms, LEASE_MS, type RunJob } from './job.ts'

/** A secret whose run this job does, its row held by the transaction. */
interface Running {
  readonly tx: Writers
  readonly job: ClaimedJob
  readonly rooms: JobRooms
  readonly now: Date
  readonly secret: Secret
  readonly run: RotationRun
}

/**
 * Takes a secret's rotation through its steps, from the first one that is not done yet. Each step is asked for once
 * the one before is durable, so an attempt after a failure or a crash asks for no step that was done; the step that
 * was under way may be asked for twice.
 *
 * @see https://docs.aws.amazon.com/secretsmanager/latest/userguide/rotate-secrets_lambda-functions.html
 */
export const rotateSecret: RunJob = async (job, rooms) => {
  let step = await whileOurs(job, rooms, beginAttempt)
  while (step) {
    const failure = await invokeStep(rooms.functions, step)
    step = await whileOurs(job, rooms, (running) =>
      failure ? failAttempt(running, failure) : finishStep(running),
    )
  }
}

/**
 * Acts on the secret in one transaction, for as long as the job is this claim's and the run is the secret's. Answers
 * the step to be asked for next.
 */
async function whileOurs(
  job: ClaimedJob,
  rooms: JobRooms,
  act: (running: Running) => Promise<PreparedStep | undefined>,
): Promise<PreparedStep | undefined> {
  const preparing = rooms.bus.prepare(job)
  if (preparing) await preparing
  return rooms.store.write(async (tx) => {
    // The secret first: calls that change it hold it when they come to its jobs.
    const secret = await tx.secrets.byArn(job, job.key)
    const now = rooms.clock.now()
    if (!(await tx.jobs.extend(job, new Date(now.getTime() + LEASE_MS)))) throw new ClaimLost()
    const run = secret?.rotation?.run
    if (!secret || secret.deletedAt || !run || run.givenUp || run.versionId !== job.payload.versionId) {
      await tx.jobs.done(job)
      return undefined
    }
    const running = { tx, job, rooms, now, secret, run }
    return holdsVersion(secret, run) ? act(running) : abandon(running)
  })
}

/** Somebody took AWSPENDING away: the rotation is over, and whoever did it has the last word. */
async function abandon({ tx, job, rooms, now, secret, run }: Running): Promise<undefined> {
  await tx.secrets.update(await discardRun(tx, secret, now))
  await tx.jobs.done(job)
  await rooms.bus.append(tx, rotationEvent('RotationAbandoned', secret, run, { now, random: rooms.random }))
}

async function beginAttempt(running: Running): Promise<PreparedStep | undefined> {
  const { tx, rooms, now, secret, run } = running
  const attempt = { ...running, run: { ...run, attempts: run.attempts + 1 } }
  if (run.attempts === 0) {
    const { random } = rooms
    await rooms.bus.append(tx, rotationEvent('RotationStarted', secret, attempt.run, { now, random }))
  }
  // Attempts that ended with their server count: a function that brings servers down is not asked for ever.
  if (attempt.run.attempts > MAX_ATTEMPTS) return failAttempt(running, { reason: 'Interrupted' })
  return prepare(attempt)
}

/** Notes that the run's step is under way, under a new token. */
async function prepare(running: Running): Promise<PreparedStep | undefined> {
  const { tx, rooms, secret, run } = running
  const lambdaArn = secret.rotation?.lambdaArn
  const record = lambdaArn === undefined ? undefined : await rotationFunction(tx.functions, lambdaArn)
  // Asked before every step: a permission that was taken back is gone at once.
  if (!record || !mayInvoke(record, secret)) return failAttempt(running, { reason: 'NotInvocable' })
  const token = newRotationToken(rooms.random)
  await tx.secrets.update(withRun(secret, { ...run, tokenDigest: digestOf(token) }))
  return { secretArn: secret.arn, record, step: run.step, versionId: run.versionId, token }
}

async function finishStep(running: Running): Promise<PreparedStep | undefined> {
  const { secret, run } = running
  const next = stepAfter(run)
  if (next) return prepare({ ...running, run: { ...run, step: next } })
  if (run.kind === 'rotation' && secret.labels.get(CURRENT) !== run.versionId) {
    return failAttempt(running, { reason: 'CurrentNotMoved' })
  }
  return succeed(running)
}

async function succeed({ tx, job, rooms, now, secret, run }: Running): Promise<undefined> {
  const { random } = rooms
  const ended = run.kind === 'test' ? await discardRun(tx, secret, now) : rotated(secret, run, now)
  await tx.secrets.update(ended)
  await tx.jobs.done(job)
  if (run.kind === 'rotation' && ended.rotation && countsFromRotation(ended.rotation)) {
    await queueWindowAfter(tx, ended, now, { random, now })
  }
  await rooms.bus.append(tx, rotationEvent('RotationSucceeded', secret, run, { now, random }))
}

function rotated(secret: Secret, { versionId }: RotationRun, now: Date): Secret {
  const { labels, rotation } = withRun(secret, undefined)
  return {
    ...secret,
    labels: withoutPending(labels, versionId),
    rotation: rotation && counted({ ...rotation, rotatedAt: now }, now),
    changedAt: now,
  }
}

/** Ends the attempt: another begins later, or the run is given up, with AWSPENDING where it is. */
async function failAttempt(
  running: Running,
  { reason, errorType, errorMessage }: Failure,
): Promise<undefined> {
  const { tx, job, rooms, now, secret, run } = running
  const nextAt = retryAt(run, now)
  if (nextAt) {
    await tx.secrets.update(withRun(secret, { ...run, tokenDigest: undefined }))
    await tx.jobs.fail(job, nextAt, reason)
  } else {
    const givenUp = { ...run, tokenDigest: undefined, givenUp: true }
    await tx.secrets.update(
      run.kind === 'test' ? await discardRun(tx, secret, now) : withRun(secret, givenUp),
    )
    await tx.jobs.done(job)
  }
  const told = {
    Reason: reason,
    ErrorType: errorType,
    ErrorMessage: errorMessage,
    NextAttemptAt: nextAt?.toISOString(),
  }
  const { random } = rooms
  await rooms.bus.append(tx, rotationEvent('RotationFailed', secret, run, { now, random, told }))
}
