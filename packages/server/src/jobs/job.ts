import type { Bus } from '../bus/bus.ts'
import type { Functions } from '../functions/functions.ts'
import type { Keyring } from '../keyring/keyring.ts'
import type { NoticeChannels } from '../notify/channels.ts'
import type { Clock } from '../platform/clock.ts'
import type { Metrics } from '../platform/metrics.ts'
import type { Random } from '../platform/random.ts'
import type { ClaimedJob } from '../store/jobs.ts'
import type { Lock, Store, Writers } from '../store/store.ts'
import type { TrailEntry } from '../store/trail.ts'

/** What a job may use. */
export interface JobRooms {
  readonly store: Store
  readonly keyring: Keyring
  readonly clock: Clock
  readonly random: Random
  readonly functions: Functions
  /** The ways by which notices leave. */
  readonly channels: NoticeChannels
  /** The way of every event to the trail. */
  readonly bus: Bus
  readonly metrics: Metrics
}

/**
 * Does what a kind of job is for, and ends it with `tx.jobs.done` in the transaction that holds what it did.
 * It may run twice, after a crash or a lost claim: make the second time harmless. A throw has it run again
 * later.
 */
export type RunJob = (job: ClaimedJob, rooms: JobRooms) => Promise<void>

/** Kinds of jobs that wait for one another, and for no others. */
export interface JobGroup {
  readonly name: string
  /** How many of the group run at once on one server. */
  readonly concurrency: number
  /** Every kind of the group and what runs it. */
  readonly jobs: Readonly<Record<string, RunJob>>
}

/** A server that died with a job leaves it to another this much later; what runs longer has its lease extended. */
export const LEASE_MS = 60_000

/** The job's lease was over, and another has it now. */
export class ClaimLost extends Error {
  override readonly name = 'ClaimLost'
}

/** What a job changes that needs nothing but the store. Answers the event of what it did, if it did something. */
type Change = (
  tx: Writers,
  job: ClaimedJob,
  rooms: Pick<JobRooms, 'keyring' | 'random'> & { readonly now: Date },
) => Promise<TrailEntry | undefined>

/**
 * What a job takes first because calls take it first that change the same: otherwise a call and the job, each holding
 * what the other wants next, would wait for each other.
 */
interface Held {
  readonly lock?: (job: ClaimedJob) => Lock
  /** Reads the row that such calls begin with. */
  readonly row?: (tx: Writers, job: ClaimedJob) => Promise<unknown>
}

/** A job that is one transaction: its change, its event and its end. */
export function inTransaction(change: Change, { lock, row }: Held = {}): RunJob {
  return async (job, { store, keyring, clock, random, bus }) => {
    const preparing = bus.prepare(job)
    if (preparing) await preparing
    await store.write(async (tx) => {
      await row?.(tx, job)
      // Before the change, so that it may queue the next job of its kind and key.
      if (!(await tx.jobs.done(job))) throw new ClaimLost()
      const event = await change(tx, job, { keyring, random, now: clock.now() })
      if (event) await bus.append(tx, event)
    }, lock?.(job))
  }
}
