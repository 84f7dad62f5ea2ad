import type { Logger } from '../platform/logger.ts'
import type { Timer } from '../platform/timer.ts'
import type { ClaimedJob } from '../store/jobs.ts'
import type { Writers } from '../store/store.ts'
import { ClaimLost, type JobGroup, type JobRooms, LEASE_MS } from './job.ts'

/** How often the queue is looked at. A job starts this much after its time at most, save under load. */
const POLL_MS = 1000

/** How often the lease of a job that runs is put off: twice may fail before another server takes the job. */
const RENEWAL_MS = LEASE_MS / 3

/** How long a stop waits for what runs. A job that takes longer is run again, by whoever claims it next. */
const STOP_MS = 5000

const FIRST_RETRY_MS = 1000
const LONGEST_RETRY_MS = 3_600_000

export interface SchedulerDoors {
  readonly rooms: JobRooms
  readonly timer: Timer
  readonly logger: Logger
  readonly groups: readonly JobGroup[]
}

/** How long to wait after the attempt of this number, counted from 1, failed: 1 s, 2 s, 4 s … 1 h. */
export function retryDelayMs(attempts: number): number {
  return Math.min(FIRST_RETRY_MS * 2 ** (attempts - 1), LONGEST_RETRY_MS)
}

/** A job that runs here, and until when no other server takes it, as far as this one knows. */
interface Leased {
  readonly job: ClaimedJob
  leaseEndsAt: Date
}

/** A group's kinds, and what of them runs now. */
interface Lane extends JobGroup {
  readonly kinds: readonly string[]
  readonly running: Map<Promise<void>, Leased>
}

/**
 * Runs what the queue holds when its time has come. Several servers may have one each: a job is claimed
 * before it runs, its lease is put off while it runs, and it is run again after its lease where the claimant died.
 */
export class Scheduler implements AsyncDisposable {
  readonly #doors: SchedulerDoors
  readonly #lanes: readonly Lane[]
  readonly #claimant: string
  #claims = 0
  #started = 0
  #looking: Promise<void> | undefined
  #wake: Disposable | undefined
  #stopped = false
  #failing = false

  constructor(doors: SchedulerDoors) {
    this.#doors = doors
    this.#lanes = doors.groups
      .map((group) => ({
        ...group,
        kinds: Object.keys(group.jobs),
        running: new Map<Promise<void>, Leased>(),
      }))
      .filter(({ kinds }) => kinds.length > 0)
    this.#claimant = doors.rooms.random.uuid()
  }

  /** Looks at the queue now, and once a second from then on. */
  nudge(): void {
    void this.#look()
  }

  /** Runs everything that is due, and answers when nothing is any more. */
  async settle(): Promise<void> {
    let startedBefore: number
    do {
      startedBefore = this.#started
      await Promise.all(this.#running())
      await this.#look()
      // What began meanwhile may have made another due in a lane that this look had passed already.
    } while (this.#running().length > 0 || this.#started > startedBefore)
  }

  /** Starts nothing more, and answers when what runs has ended, or after {@link STOP_MS}. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#stopped = true
    this.#wake?.[Symbol.dispose]()
    await this.#looking
    const { promise, resolve } = Promise.withResolvers<void>()
    using _limit = this.#doors.timer.after(STOP_MS, resolve)
    await Promise.race([Promise.all(this.#running()), promise])
  }

  #running(): readonly Promise<void>[] {
    return this.#lanes.flatMap(({ running }) => [...running.keys()])
  }

  /** One look at a time; a look that is asked for during another is the one after it. */
  async #look(): Promise<void> {
    while (this.#looking) await this.#looking
    if (this.#stopped) return
    this.#wake?.[Symbol.dispose]()
    this.#looking = this.#startDue().finally(() => {
      this.#looking = undefined
      if (!this.#stopped) this.#wake = this.#doors.timer.after(POLL_MS, () => this.nudge())
    })
    await this.#looking
  }

  /** Never throws: a store that cannot be asked now is asked again at the next look. */
  async #startDue(): Promise<void> {
    try {
      for (const lane of this.#lanes) for (const job of await this.#claim(lane)) this.#start(lane, job)
      this.#failing = false
    } catch (error) {
      if (!this.#failing) this.#doors.logger.error('jobs.unclaimed', { error })
      this.#failing = true
    }
  }

  async #claim({ concurrency, kinds, running }: Lane): Promise<readonly ClaimedJob[]> {
    const { store, clock } = this.#doors.rooms
    const limit = concurrency - running.size
    const now = clock.now()
    const next = limit > 0 ? await store.read.jobs.nextAt(kinds) : undefined
    if (!next || next > now) return []
    const claimant = `${this.#claimant}/${++this.#claims}`
    return store.write(async (tx) => {
      // A machine that slept, or whose clock was put ahead, finds its own leases over while it still does the jobs.
      for (const own of running.values()) if (own.leaseEndsAt <= now) await this.#renew(tx, own)
      return tx.jobs.claimDue({ claimant, now, leaseMs: LEASE_MS, kinds, limit })
    })
  }

  /** Puts a lease off. Answers false where the claim was lost. */
  #renew(tx: Writers, own: Leased): Promise<boolean> {
    own.leaseEndsAt = this.#leaseEnd()
    return tx.jobs.extend(own.job, own.leaseEndsAt)
  }

  #leaseEnd(): Date {
    return new Date(this.#doors.rooms.clock.now().getTime() + LEASE_MS)
  }

  #start(lane: Lane, job: ClaimedJob): void {
    this.#started += 1
    const own = { job, leaseEndsAt: this.#leaseEnd() }
    const run = this.#run(lane, own).finally(() => {
      lane.running.delete(run)
      // Its place is free, and what it did may have made another due.
      this.nudge()
    })
    lane.running.set(run, own)
  }

  async #run({ jobs }: Lane, own: Leased): Promise<void> {
    const { rooms, logger } = this.#doors
    const { job } = own
    const { kind, key, attempts } = job
    using _lease = this.#renewing(own)
    try {
      await jobs[kind]?.(job, rooms)
    } catch (error) {
      if (error instanceof ClaimLost) return
      logger.error('job.failed', { kind, key, attempts, error })
      const retryAt = new Date(rooms.clock.now().getTime() + retryDelayMs(attempts))
      const name = error instanceof Error ? error.name : typeof error
      // Where this fails as well, the end of the lease has the job run again.
      await rooms.store.write((tx) => tx.jobs.fail(job, retryAt, name)).catch(() => {})
    }
  }

  /** Puts the job's lease off again and again, until disposed or until the claim is lost. */
  #renewing(own: Leased): Disposable {
    const { rooms, timer } = this.#doors
    const turn = () => {
      void rooms.store
        .write((tx) => this.#renew(tx, own))
        // A store that does not answer now may do so at the next turn, before the lease is over.
        .catch(() => true)
        .then((held) => {
          if (next && held) next = timer.after(RENEWAL_MS, turn)
        })
    }
    let next: Disposable | undefined = timer.after(RENEWAL_MS, turn)
    return {
      [Symbol.dispose]() {
        next?.[Symbol.dispose]()
        next = undefined
      },
    }
  }
}
