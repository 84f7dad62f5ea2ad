import type { Place } from './store.ts'

/** Something to be done by the clock. */
export interface NewJob extends Place {
  /** A UUID, or where a kind needs none the job's key. */
  readonly id: string
  /** Which of jobs/index.ts runs it. */
  readonly kind: string
  /** What it is about, such as an ARN. One job of a kind waits for each key. */
  readonly key: string
  /** When it may be claimed. Of a claimed job, the end of the lease; of a failed one, the next attempt. */
  readonly runAt: Date
  /** Whatever the kind needs besides, as JSON has it; no values of secrets. */
  readonly payload: Readonly<Record<string, unknown>>
}

export interface Job extends NewJob {
  /** How often it was claimed. */
  readonly attempts: number
  /** The name of the error that the last attempt ended with. */
  readonly lastError: string | undefined
}

/** A job that one server has for itself until its lease is over. */
export interface ClaimedJob extends Job {
  readonly claimedBy: string
}

export interface Claim {
  /** Unlike any other claim's, so that one whose lease is over cannot end the next one's job. */
  readonly claimant: string
  readonly now: Date
  readonly leaseMs: number
  readonly kinds: readonly string[]
  readonly limit: number
}

export interface JobReader {
  find(place: Place, kind: string, key: string): Promise<Job | undefined>
  /** Those of one kind in a place, by key. */
  list(place: Place, kind: string): Promise<readonly Job[]>
  /** When the first job of these kinds is due that nobody has claimed or whose claim is over then. */
  nextAt(kinds: readonly string[]): Promise<Date | undefined>
}

export interface JobWriter extends JobReader {
  /**
   * Queues a job. It takes the place of the one with the same kind and key, whose run, if one is under way,
   * is not stopped: what a job does must be harmless to do twice.
   */
  queue(job: NewJob): Promise<void>
  /** Takes a job off the queue, if it is there. */
  cancel(place: Place, kind: string, key: string): Promise<void>
  /** Claims what is due, the longest overdue first, in whatever place. */
  claimDue(claim: Claim): Promise<readonly ClaimedJob[]>
  /**
   * Ends a job. To be called in the transaction that holds what the job did.
   * Answers false where the claim was lost; then that transaction must not commit.
   */
  done(job: ClaimedJob): Promise<boolean>
  /** Puts off the end of a job's lease. Answers false where the claim was lost; see {@link done}. */
  extend(job: ClaimedJob, leaseEndsAt: Date): Promise<boolean>
  /** Gives a job back until `retryAt`, unless the claim was lost. */
  fail(job: ClaimedJob, retryAt: Date, errorName: string): Promise<void>
}
