import { rotationEvent } from '../rotation/event.ts'
import { queueOpenWindow, queueRun, queueWindowAfter, reserve } from '../rotation/queue.ts'
import { pendingElsewhere, withRun } from '../rotation/run.ts'
import { makeRoom } from '../rotation/spare-versions.ts'
import type { ClaimedJob } from '../store/jobs.ts'
import type { Secret } from '../store/secrets.ts'
import type { Writers } from '../store/store.ts'
import type { TrailEntry } from '../store/trail.ts'
import { inTransaction, type JobRooms } from './job.ts'

/** How much later the start is tried again where a test is in its way. */
const AFTER_TEST_MS = 60_000

interface Opening {
  readonly tx: Writers
  readonly random: JobRooms['random']
  readonly now: Date
  readonly secret: Secret
  readonly closesAt: Date
}

/**
 * Begins a secret's rotation in its window, or takes up again the one that was given up, and queues the next window. A
 * window that went by whole while no server ran is not made up for: a rotation belongs inside a window, and the next
 * one may be open already.
 */
export const startRotation = inTransaction(
  async (tx, job, { random, now }) => {
    const secret = await tx.secrets.byArn(job, job.key)
    if (!secret?.rotation?.enabled || secret.deletedAt) return undefined
    // A replica shows its primary's rotation; it has none.
    if (secret.primaryRegion !== undefined) return undefined
    const { opensAt, closesAt } = windowOf(job)
    if (closesAt <= now) {
      await queueOpenWindow(tx, secret, { random, now })
      return undefined
    }
    if (secret.rotation.run?.kind === 'test') {
      // A test of a new configuration takes as long as one step, and then the window's rotation has its turn.
      await tx.jobs.queue({ ...job, id: random.uuid(), runAt: new Date(now.getTime() + AFTER_TEST_MS) })
      return undefined
    }
    await queueWindowAfter(tx, secret, opensAt, { random, now })
    return open({ tx, random, now, secret, closesAt })
  },
  { row: (tx, job) => tx.secrets.byArn(job, job.key) },
)

async function open({ tx, random, now, secret, closesAt }: Opening): Promise<TrailEntry | undefined> {
  const run = secret.rotation?.run
  if (run?.givenUp) {
    const resumed = withRun(secret, { ...run, givenUp: false, attempts: 0, retryUntil: closesAt })
    await tx.secrets.update(resumed)
    await queueRun(tx, resumed, { random, now })
    return undefined
  }
  // A rotation that is under way is this window's.
  if (run) return undefined
  const versionId = random.uuid()
  const reason = pendingElsewhere(secret)
    ? 'PendingElsewhere'
    : (await makeRoom(tx, secret, { labels: secret.labels, now }))
      ? undefined
      : 'TooManyVersions'
  if (reason)
    return rotationEvent('RotationFailed', secret, undefined, { now, random, told: { Reason: reason } })
  await tx.secrets.update(
    await reserve(tx, secret, { kind: 'rotation', versionId, retryUntil: closesAt, now }, random),
  )
  return undefined
}

function windowOf({ payload }: ClaimedJob): { readonly opensAt: Date; readonly closesAt: Date } {
  return { opensAt: new Date(Number(payload.opensAt)), closesAt: new Date(Number(payload.closesAt)) }
}
