import type { Logger } from '../platform/logger.ts'
import type { Metrics } from '../platform/metrics.ts'
import type { DeliveryReport, DeliveryState, DeliveryTrail, Plan, StoredState } from '../store/deliveries.ts'
import type { ClaimedJob } from '../store/jobs.ts'
import { deliveryLock } from '../store/locks.ts'
import type { Writers } from '../store/store.ts'
import { StoreUnavailable } from '../store/unavailable.ts'
import { type Buckets, DeliveryFailed } from '../trail/delivery/bucket.ts'
import { type Chain, type Delivered, deliverDigests, deliverFiles } from '../trail/delivery/deliver.ts'
import { deliveryJob } from '../trail/delivery/job.ts'
import { nextWork, type Planning } from '../trail/delivery/plan.ts'
import { advanced } from '../trail/delivery/position.ts'
import { ClaimLost, type JobRooms } from './job.ts'
import { tellOfFiles } from './tell-of-files.ts'

const FIRST_RETRY_MS = 1000

export interface DeliveryDoors extends Pick<Planning, 'timer' | 'regions' | 'digestEveryMs' | 'budget'> {
  readonly buckets: Buckets
  readonly everyMs: number
  readonly logger: Logger
  readonly metrics: Metrics
}

/** The trail was started, stopped or changed meanwhile: what was about to be stored is to be thought over. */
class StateMoved extends Error {
  override readonly name = 'StateMoved'
}

type Needed = Pick<JobRooms, 'store' | 'keyring' | 'clock' | 'random'>

/** One run's trail, and where it is. */
interface Run extends Needed, DeliveryDoors {
  readonly job: ClaimedJob
  readonly trail: DeliveryTrail
  readonly now: Date
}

/**
 * Delivers what a trail has to deliver: files, and digests when their time has come.
 *
 * What a run writes is stored as a plan first, then written, then noted as done together with how far the trail is
 * now. Killed in between, the next run writes the same objects under the same names; so does a second server whose
 * turn came because the first was slow.
 */
export function deliverTrail(doors: DeliveryDoors): (job: ClaimedJob, rooms: Needed) => Promise<void> {
  return async (job, rooms) => {
    const { store, clock } = rooms
    const trail = (await store.read.deliveries.ofAccount(job.account)).find(({ id }) => id === job.key)
    const stored = trail && (await store.read.deliveries.state(trail))
    if (!trail || !stored) return store.write((tx) => end(tx, job))
    const run: Run = { ...rooms, ...doors, job, trail, now: clock.now() }
    try {
      await work(run, stored)
    } catch (error) {
      if (error instanceof ClaimLost || error instanceof StoreUnavailable) throw error
      await giveBack(run, error)
    }
  }
}

async function work(run: Run, stored: StoredState): Promise<void> {
  const { trail } = run
  const next = await nextWork(trail, stored.state, run)
  switch (next.kind) {
    case 'wait':
      return commit(run, async () => run.everyMs)
    case 'finished':
      return commit(run, async ({ deliveries }) => {
        if (!(await deliveries.removeState(trail, stored.revision))) throw new StateMoved()
        return undefined
      })
    case 'write': {
      const { plan, rows } = next
      const kept = plan === stored.state.plan ? stored : await keep(run, stored, plan)
      if (plan.kind === 'files')
        return noteFiles(run, kept, { plan, delivered: await deliverFiles(trail, plan, rows, run) })
      const chain = await chainAt(run, kept)
      return noteDigests(run, kept, { plan, digests: await deliverDigests(trail, plan, { ...run, chain }) })
    }
  }
}

/** What the digests of a plan are made of; once they are noted it is gone, and then another run has noted them. */
async function chainAt({ store, trail }: Run, { revision }: StoredState): Promise<Chain> {
  const { deliveries } = store.read
  const chain = { files: await deliveries.files(trail), last: await deliveries.digests(trail) }
  if ((await deliveries.state(trail))?.revision !== revision) throw new StateMoved()
  return chain
}

/** Stores the plan. From here on nothing else is delivered before it. */
async function keep({ store, trail }: Run, stored: StoredState, plan: Plan): Promise<StoredState> {
  const state: DeliveryState = { ...stored.state, plan }
  const isKept = await store.write(
    ({ deliveries }) => deliveries.moveState(trail, stored.revision, state),
    deliveryLock(trail),
  )
  if (!isKept) throw new StateMoved()
  return { revision: stored.revision + 1, state }
}

function noteFiles(
  run: Run,
  { revision, state }: StoredState,
  done: { readonly plan: Extract<Plan, { kind: 'files' }>; readonly delivered: Delivered },
): Promise<void> {
  const { trail, now, metrics, logger } = run
  const { plan, delivered } = done
  const { files, events } = delivered
  const { digestsFrom: _, ...rest } = advanced(state, plan.upTo)
  const { validation } = plan.settings
  const next = validation ? { ...rest, digestsFrom: state.digestsFrom ?? wholeSecond(plan.at) } : rest
  return commit(run, async (tx) => {
    const { deliveries } = tx
    if (!(await deliveries.moveState(trail, revision, next))) throw new StateMoved()
    if (validation) await deliveries.addFiles(trail, files)
    else if (state.digestsFrom !== undefined) await deliveries.forgetDigests(trail)
    if (files.length > 0) {
      const heard = await tellOfFiles(tx, { trail, settings: plan.settings, files }, run)
      const news = { attemptAt: now.getTime(), deliveredAt: now.getTime(), ...heard }
      await report(deliveries, trail, news, ['error', 'notificationError'])
    }
    return plan.more ? 0 : run.everyMs
  }).then(() => {
    if (files.length === 0) return
    metrics.count('lockstep_trail_delivered_events_total', '', events)
    logger.debug('trail.delivered', { ...named(trail), files: files.length, events })
  })
}

function noteDigests(
  run: Run,
  { revision, state }: StoredState,
  done: {
    readonly plan: Extract<Plan, { kind: 'digests' }>
    readonly digests: Awaited<ReturnType<typeof deliverDigests>>
  },
): Promise<void> {
  const { trail, now } = run
  const { plan, digests } = done
  const { plan: _plan, digestsFrom: _from, ...rest } = state
  const next = plan.isLast ? rest : { ...rest, digestsFrom: plan.endAt }
  return commit(run, async ({ deliveries }) => {
    if (!(await deliveries.moveState(trail, revision, next))) throw new StateMoved()
    if (plan.isLast) await deliveries.forgetDigests(trail)
    else await deliveries.saveDigests(trail, digests)
    await report(deliveries, trail, { digestAt: now.getTime() }, ['digestError'])
    return 0
  })
}

/** One transaction: what `change` does, the end of the job, and the next one so many milliseconds from now. */
function commit(
  { store, clock, random, job, trail }: Run,
  change: (tx: Writers) => Promise<number | undefined>,
): Promise<void> {
  return store.write(async (tx) => {
    await end(tx, job)
    const inMs = await change(tx)
    if (inMs === undefined) return
    const runAt = new Date(clock.now().getTime() + inMs)
    await tx.jobs.queue(deliveryJob(trail, { id: random.uuid(), runAt }))
  }, deliveryLock(trail))
}

async function end(tx: Writers, job: ClaimedJob): Promise<void> {
  if (!(await tx.jobs.done(job))) throw new ClaimLost()
}

/** Says what went wrong where an operator looks, and has the job run again. The record itself lacks nothing. */
async function giveBack(run: Run, error: unknown): Promise<void> {
  const { store, clock, job, trail, now, everyMs, logger, metrics } = run
  const isMoved = error instanceof StateMoved
  const code = error instanceof DeliveryFailed ? error.code : 'InternalError'
  if (!isMoved) {
    logger.error('trail.delivery-failed', { ...named(trail), bucket: trail.settings.bucket, code, error })
    metrics.count('lockstep_trail_delivery_failures_total', `code="${code.replaceAll(/\W/g, '')}"`)
  }
  const delayMs = isMoved ? 0 : Math.min(FIRST_RETRY_MS * 2 ** (job.attempts - 1), everyMs)
  await store.write(async (tx) => {
    const plan = (await tx.deliveries.state(trail))?.state.plan
    if (!isMoved) {
      const failed = plan?.kind === 'digests' ? { digestError: code } : { error: code }
      await report(tx.deliveries, trail, { attemptAt: now.getTime(), ...failed }, [])
    }
    await tx.jobs.fail(job, new Date(clock.now().getTime() + delayMs), isMoved ? 'StateMoved' : code)
  }, deliveryLock(trail))
}

async function report(
  deliveries: Writers['deliveries'],
  trail: DeliveryTrail,
  news: DeliveryReport,
  over: readonly (keyof DeliveryReport)[],
): Promise<void> {
  const before = Object.entries(await deliveries.report(trail)).filter(
    ([name]) => !over.some((ended) => ended === name),
  )
  await deliveries.saveReport(trail, { ...Object.fromEntries(before), ...news })
}

function named({ account, region, name }: DeliveryTrail) {
  return { account, region, trail: name }
}

function wholeSecond(ms: number): number {
  return ms - (ms % 1000)
}
