import type { Timer } from '../../platform/timer.ts'
import type { TrailLane } from '../../trail/lane.ts'
import { Session } from '../sql/session.ts'
import type { Topic } from '../sql/sql.ts'
import type { Writers } from '../store.ts'
import type { TrailEntry } from '../trail.ts'
import { StoreUnavailable } from '../unavailable.ts'
import type { Connection } from './connection.ts'

/** Bounds how long the first caller of a batch waits for the last: 128 records take about 5 ms. */
const MAX_BATCH = 128
/** A batch carries this many deferred works besides, so that a steady stream of calls cannot starve them. */
const MAX_DEFERRED = 64
/** How long a deferred work waits for a commit that somebody else asked for. */
const DEFER_MS = 1000

type Work<T> = (tx: Writers) => Promise<T>
type Outcome = { readonly value: unknown } | { readonly error: unknown }

/** Something that waits for the next commit, and how its caller learns of the end. */
interface Waiting {
  readonly work: Work<unknown>
  /** Whether neighbours of its sort may share a savepoint: they hardly ever fail, and savepoints cost. */
  readonly sharing: boolean
  settle(outcome: Outcome): void
}

type End = readonly [Waiting, Outcome]

export interface GroupCommitOptions {
  readonly connection: Connection
  readonly timer: Timer
  /** A transaction's writers over its session. */
  writers(session: Session): Writers
  /** Counts in memory what the trail holds, so it is wound back with every rollback. */
  readonly lane: Pick<TrailLane, 'mark' | 'rewind'>
  /** Throws StoreUnavailable where a commit would not be kept. */
  check(): void
  /** Runs after a commit that changed something of `topics`, before anyone hears of it. */
  committed(topics: ReadonlySet<Topic>): void
  onProblem(event: string, fields: Readonly<Record<string, unknown>>): void
}

/**
 * The only user of the writer connection. Whatever is asked for in one turn of the event loop runs one after
 * another, each as a savepoint, inside one durable commit. README.md tells why each step is safe.
 */
export class GroupCommit {
  readonly #options: GroupCommitOptions
  #queue: Waiting[] = []
  #deferred: Waiting[] = []
  #deferral: Disposable | undefined
  #deferredDue = false
  #armed = false
  #closed = false
  #failing = false
  #idle: (() => void) | undefined
  /** Resolves once the batch that is running has ended; absent between batches. */
  #running: Promise<void> | undefined
  /** Gives up the work that is running. */
  #giveUp: (() => void) | undefined

  constructor(options: GroupCommitOptions) {
    this.#options = options
  }

  /** What a reader of the writer's own connection must wait for. */
  get running(): Promise<void> | undefined {
    return this.#running
  }

  /** See {@link Store.write}. */
  write<T>(work: Work<T>): Promise<T> {
    return this.#enqueue(work, false)
  }

  /** See {@link Store.record}. */
  record(entry: TrailEntry): Promise<void> {
    return this.#enqueue((tx) => tx.trail.append(entry), true)
  }

  /** See {@link Store.defer}. */
  defer(work: Work<void>): void {
    if (this.#closed) return
    this.#deferred.push({ work, sharing: false, settle: (outcome) => this.#deferredEnded(outcome) })
    this.#deferral ??= this.#options.timer.after(DEFER_MS, () => {
      this.#deferredDue = true
      this.#arm()
    })
  }

  /** Refuses what comes from now on, and answers when all that came before has been committed or has failed. */
  close(): Promise<void> {
    this.#closed = true
    this.#deferredDue = true
    return new Promise((resolve) => {
      this.#idle = resolve
      this.#arm()
    })
  }

  #enqueue<T>(work: Work<T>, sharing: boolean): Promise<T> {
    return new Promise((resolve, reject) => {
      if (this.#closed) throw new StoreUnavailable('closed')
      const settle = (outcome: Outcome) =>
        // What a work answered is what its own caller gets back.
        'error' in outcome ? reject(outcome.error) : resolve(outcome.value as T)
      this.#queue.push({ work, sharing, settle })
      this.#arm()
    })
  }

  #arm(): void {
    if (this.#armed) return
    this.#armed = true
    this.#options.timer.atTurnEnd(() => {
      this.#armed = false
      this.#turnEnded()
    })
  }

  /**
   * A batch awaits nothing but the store, so it is over within the turn that began it. One that is still
   * running at the end of the next has a work that waits for something else, and everyone behind waits too.
   */
  #turnEnded(): void {
    if (this.#running) {
      this.#arm()
      this.#giveUp?.()
    } else if (this.#queue.length > 0 || (this.#deferredDue && this.#deferred.length > 0)) {
      this.#arm()
      this.#running = this.#batch().then((answer) => {
        this.#running = undefined
        answer()
      })
    } else {
      this.#idle?.()
    }
  }

  /** Answers what tells the callers, so that nobody hears of a batch before it is over. */
  async #batch(): Promise<() => void> {
    const batch = this.#take()
    const { connection, lane } = this.#options
    const mark = lane.mark()
    const topics = new Set<Topic>()
    const ends: End[] = []
    try {
      this.#options.check()
      connection.begin()
      for (const group of groups(batch)) ends.push(...(await this.#together(group, topics)))
      connection.commit()
    } catch (error) {
      connection.abandon()
      lane.rewind(mark)
      this.#told({ error }, batch.length)
      return () => tell(batch.map((waiting) => [waiting, { error }]))
    }
    this.#told(undefined, batch.length)
    if (topics.size > 0) this.#options.committed(topics)
    return () => tell(ends)
  }

  #take(): readonly Waiting[] {
    const asked = this.#queue.splice(0, MAX_BATCH)
    const deferred = this.#deferred.splice(0, MAX_DEFERRED)
    if (this.#deferred.length === 0) {
      this.#deferral?.[Symbol.dispose]()
      this.#deferral = undefined
      this.#deferredDue = this.#closed
    }
    return [...asked, ...deferred]
  }

  /** Runs a group as one savepoint; if that fails, each of it by itself. */
  async #together(group: readonly Waiting[], topics: Set<Topic>): Promise<readonly End[]> {
    const ends: End[] = []
    const outcome = await this.#savepoint(async (tx) => {
      for (const waiting of group) ends.push([waiting, { value: await waiting.work(tx) }])
    }, topics)
    if (!('error' in outcome)) return ends
    const [only, ...others] = group
    if (only && others.length === 0) return [[only, outcome]]
    const apart: End[] = []
    for (const one of group) apart.push(...(await this.#together([one], topics)))
    return apart
  }

  /** Throws only where the whole transaction is lost. */
  async #savepoint(work: Work<void>, topics: Set<Topic>): Promise<Outcome> {
    const { connection, lane, writers } = this.#options
    const mark = lane.mark()
    const session = new Session(connection)
    connection.run('savepoint work', [])
    const outcome = await this.#finished(work(writers(session)))
    session.end()
    if (connection.failure) throw connection.failure
    if ('error' in outcome) {
      connection.run('rollback to work', [])
      lane.rewind(mark)
    } else {
      for (const topic of session.topics) topics.add(topic)
    }
    connection.run('release work', [])
    return outcome
  }

  #finished(work: Promise<void>): Promise<Outcome> {
    return new Promise((resolve) => {
      this.#giveUp = () =>
        resolve({ error: new Error('A transaction waited for something besides the store') })
      work.then(
        () => resolve({ value: undefined }),
        (error) => resolve({ error }),
      )
    })
  }

  /** Tells the log of the first failure in a row and of the end of them, not of each. */
  #told(failure: { readonly error: unknown } | undefined, works: number): void {
    const { onProblem } = this.#options
    if (failure && !this.#failing) onProblem('store.commit-failed', { ...failure, works })
    if (!failure && this.#failing) onProblem('store.recovered', {})
    this.#failing = failure !== undefined
  }

  #deferredEnded(outcome: Outcome): void {
    // A commit that failed has been told of already.
    if (!('error' in outcome) || outcome.error instanceof StoreUnavailable) return
    this.#options.onProblem('store.deferred-failed', { error: outcome.error })
  }
}

function tell(ends: readonly End[]): void {
  for (const [waiting, outcome] of ends) waiting.settle(outcome)
}

/** The batch in its order, with neighbours that share a savepoint taken together. */
function groups(batch: readonly Waiting[]): readonly (readonly Waiting[])[] {
  const found: Waiting[][] = []
  for (const waiting of batch) {
    const last = found.at(-1)
    if (waiting.sharing && last?.[0]?.sharing) last.push(waiting)
    else found.push([waiting])
  }
  return found
}
