import type { PoolClient } from 'pg'
import type { Timer } from '../../platform/timer.ts'
import { Session } from '../sql/session.ts'
import type { TrailEntry } from '../trail.ts'
import { StoreUnavailable } from '../unavailable.ts'
import { Conflict, ConnectionLost, StalePlan } from './failure.ts'
import type { Lanes } from './lanes.ts'
import type { Pool } from './pool.ts'
import { PostgresTrail } from './trail.ts'

/** One statement writes so many events at most. */
const MAX_BATCH = 256
/** No two recorders want the same rows; and yet an engine may say so, or have forgotten a plan. Nothing is kept then. */
const MAX_ATTEMPTS = 5

interface Waiting {
  readonly entry: TrailEntry
  resolve(): void
  reject(error: unknown): void
}

/**
 * Puts the events of reads on the trail. Those that come while a commit is under way share the next one, so that
 * a slow disk makes batches larger and not the queue longer.
 */
export class Recorder {
  readonly #pool: Pool
  readonly #lanes: Lanes
  readonly #timer: Timer
  readonly #connections: number
  #queue: Waiting[] = []
  #busy = 0
  #armed = false

  /** @param connections How many commits may be under way at once; each in a lane of its own. */
  constructor(
    doors: { readonly pool: Pool; readonly lanes: Lanes; readonly timer: Timer },
    connections: number,
  ) {
    this.#pool = doors.pool
    this.#lanes = doors.lanes
    this.#timer = doors.timer
    this.#connections = connections
  }

  record(entry: TrailEntry): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#queue.push({ entry, resolve, reject })
      this.#arm()
    })
  }

  #arm(): void {
    if (this.#armed) return
    this.#armed = true
    // Calls that end in one turn of the event loop belong together.
    this.#timer.atTurnEnd(() => {
      this.#armed = false
      this.#start()
    })
  }

  #start(): void {
    while (this.#queue.length > 0 && this.#busy < this.#connections) {
      const batch = this.#queue.splice(0, MAX_BATCH)
      this.#busy += 1
      void this.#write(batch).finally(() => {
        this.#busy -= 1
        this.#start()
      })
    }
  }

  async #write(batch: readonly Waiting[]): Promise<void> {
    try {
      await this.#append(batch.map(({ entry }) => entry))
      for (const { resolve } of batch) resolve()
    } catch (error) {
      // Of several, one may be to blame that PostgreSQL would not store: the others are tried without it.
      if (batch.length > 1 && !(error instanceof StoreUnavailable)) {
        for (const waiting of batch) await this.#write([waiting])
      } else {
        for (const { reject } of batch) reject(error)
      }
    }
  }

  async #append(entries: readonly TrailEntry[]): Promise<void> {
    for (let attempt = 1; ; attempt++) {
      try {
        return await this.#attempt(entries)
      } catch (error) {
        const isWorthAnother = error instanceof Conflict || error instanceof StalePlan
        if (!isWorthAnother) throw error
        if (attempt === MAX_ATTEMPTS) throw new StoreUnavailable('contended', { cause: error })
      }
    }
  }

  async #attempt(entries: readonly TrailEntry[]): Promise<void> {
    const client = await this.#pool.take()
    let broken = false
    try {
      await this.#inLane(client, entries)
    } catch (error) {
      // Where the answer was lost, the events may be there: they are not written again.
      broken = error instanceof ConnectionLost || error instanceof StalePlan
      throw error
    } finally {
      this.#pool.release(client, broken)
    }
  }

  async #inLane(client: PoolClient, entries: readonly TrailEntry[]): Promise<void> {
    const holder = await this.#lanes.of(client)
    const mark = holder.lane.mark()
    try {
      await new PostgresTrail(new Session(holder.connection), holder).appendAll(entries)
    } catch (error) {
      // Harmless where the connection is lost: its lane goes with it.
      holder.lane.rewind(mark)
      throw error
    }
  }
}
