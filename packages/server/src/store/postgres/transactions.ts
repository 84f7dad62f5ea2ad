import type { Random } from '../../platform/random.ts'
import type { Timer } from '../../platform/timer.ts'
import { Session } from '../sql/session.ts'
import type { Topic } from '../sql/sql.ts'
import { SqlWriters } from '../sql/writers.ts'
import type { Lock, Writers } from '../store.ts'
import { StoreUnavailable } from '../unavailable.ts'
import type { Ask } from './connection.ts'
import { Conflict, ConnectionLost, StalePlan } from './failure.ts'
import type { Lanes } from './lanes.ts'
import { Turns, takeLock } from './locks.ts'
import type { Pool } from './pool.ts'
import { Topics } from './topics.ts'
import { type LaneHolder, PostgresTrail } from './trail.ts'

/** Enough for a dozen servers that all want one row; then the caller is asked to come again. */
const MAX_CONFLICTS = 30
/** A connection that was found broken is replaced this often before the database counts as unreachable. */
const MAX_LOSSES = 20
const LONGEST_WAIT_MS = 64
/** After so long nothing is tried again, whatever it was: the caller has waited enough. */
const GIVE_UP_MS = 10_000

const BEGIN = { text: 'begin isolation level read committed' }
const COMMIT = { text: 'commit' }
const ROLLBACK = { text: 'rollback' }

type Work<T> = (tx: Writers) => Promise<T>
type End<T> = { readonly value: T } | { readonly error: unknown }

export interface TransactionDoors {
  readonly pool: Pool
  readonly lanes: Lanes
  readonly timer: Timer
  readonly random: Random
  /** Runs after a commit that changed something of `topics`, before its caller hears of it. */
  committed(topics: ReadonlySet<Topic>): void
}

/**
 * Each work is a transaction of its own on a connection of its own, and locks what it decides upon before it looks.
 * README.md tells its life.
 */
export class Transactions {
  readonly #doors: TransactionDoors
  readonly #turns: Turns

  constructor(doors: TransactionDoors) {
    this.#doors = doors
    this.#turns = new Turns(doors.timer)
  }

  /** @param lock Taken before the work begins, and held to its end. */
  async run<T>(work: Work<T>, lock?: Lock): Promise<T> {
    const leave = lock && (await this.#turns.enter(lock))
    try {
      return await this.#repeat((holder) => this.#inside(holder, work, lock))
    } finally {
      leave?.()
    }
  }

  async #repeat<T>(act: (holder: LaneHolder) => Promise<End<T>>): Promise<T> {
    let conflicts = 0
    let losses = 0
    let isLate = false
    using _end = this.#doors.timer.after(GIVE_UP_MS, () => {
      isLate = true
    })
    for (;;) {
      try {
        return await this.#attempt(act)
      } catch (error) {
        if (error instanceof CommitUnknown) throw error.reason
        if (error instanceof Conflict) {
          conflicts += 1
          if (isLate || conflicts >= MAX_CONFLICTS) throw new StoreUnavailable('contended', { cause: error })
          await this.#pause(conflicts)
        } else {
          // Nothing was committed: the connection broke, or holds a plan from before a migration.
          losses += 1
          const isWorthAnother = error instanceof BrokenInside && !isLate && losses < MAX_LOSSES
          if (!isWorthAnother) throw error instanceof BrokenInside ? error.reason : error
        }
      }
    }
  }

  async #attempt<T>(act: (holder: LaneHolder) => Promise<End<T>>): Promise<T> {
    const { pool, lanes } = this.#doors
    const client = await pool.take()
    // Until it is known to be in no transaction, and its lane to be where the database has it.
    let broken = true
    try {
      const holder = await lanes.of(client)
      await holder.ask(BEGIN)
      const end = await act(holder)
      broken = 'error' in end && end.error instanceof StalePlan
      if ('error' in end) throw end.error
      return end.value
    } catch (error) {
      throw error instanceof ConnectionLost || error instanceof StalePlan ? new BrokenInside(error) : error
    } finally {
      pool.release(client, broken)
    }
  }

  /** Answers when the transaction has ended, with what came of it. Throws where nobody knows whether it has. */
  async #inside<T>(holder: LaneHolder, work: Work<T>, lock: Lock | undefined): Promise<End<T>> {
    const { ask, connection, lane } = holder
    const mark = lane.mark()
    const session = new Session(connection)
    try {
      if (lock) await takeLock(connection, lock)
      const value = await work(new SqlWriters(session, lane, () => new PostgresTrail(session, holder)))
      session.end()
      for (const topic of session.topics) await Topics.changed(connection, topic, lane.number ?? 0)
      await commit(ask)
      if (session.topics.size > 0) this.#doors.committed(session.topics)
      return { value }
    } catch (error) {
      session.end()
      // There is nothing to take back on a connection that is gone; its lane goes with it.
      if (error instanceof CommitUnknown || error instanceof ConnectionLost) throw error
      await ask(ROLLBACK)
      lane.rewind(mark)
      return { error }
    }
  }

  /** A random wait, longer each time, so that those who met do not meet again. */
  #pause(conflicts: number): Promise<void> {
    const { timer, random } = this.#doors
    const delayMs = random.below(Math.min(2 ** conflicts, LONGEST_WAIT_MS) + 1)
    return new Promise((resolve) => void timer.after(delayMs, resolve))
  }
}

/** The connection broke before the commit was sent. */
class BrokenInside {
  readonly reason: unknown
  constructor(reason: unknown) {
    this.reason = reason
  }
}

/** The connection was lost while it committed: there may be a transaction that its caller is not told of. */
class CommitUnknown {
  readonly reason: unknown
  constructor(reason: unknown) {
    this.reason = reason
  }
}

async function commit(ask: Ask): Promise<void> {
  let tag: string
  try {
    tag = (await ask(COMMIT)).command
  } catch (error) {
    throw error instanceof ConnectionLost ? new CommitUnknown(error) : error
  }
  // An error that a work swallowed has failed the transaction: PostgreSQL answers its commit with a rollback.
  if (tag !== 'COMMIT') throw new Error('A transaction went on after an error of the database')
}
