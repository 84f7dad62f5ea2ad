import type { Timer } from '../../platform/timer.ts'
import type { StoreDoors } from '../open.ts'
import type { Writers } from '../store.ts'
import { StoreUnavailable } from '../unavailable.ts'

/** How long a deferred work waits for others to share its transaction. */
const DEFER_MS = 1000
const MAX_TOGETHER = 64
/** What is beyond is forgotten: the database takes nothing, or not as much as it is asked for. */
const MAX_WAITING = 10_000

type Work = (tx: Writers) => Promise<void>

interface DeferredDoors extends Pick<StoreDoors, 'onProblem'> {
  readonly timer: Timer
  write(work: Work): Promise<void>
}

/** Works that nobody waits for, many to a transaction. */
export class Deferred {
  readonly #doors: DeferredDoors
  #works: Work[] = []
  #due: Disposable | undefined
  #running: Promise<void> = Promise.resolve()

  constructor(doors: DeferredDoors) {
    this.#doors = doors
  }

  add(work: Work): void {
    if (this.#works.length < MAX_WAITING) this.#works.push(work)
    this.#due ??= this.#doors.timer.after(DEFER_MS, () => {
      this.#due = undefined
      this.#running = this.#running.then(() => this.#all())
    })
  }

  /** Answers when all that were added have been tried. */
  async close(): Promise<void> {
    this.#due?.[Symbol.dispose]()
    this.#due = undefined
    this.#running = this.#running.then(() => this.#all())
    await this.#running
  }

  async #all(): Promise<void> {
    while (this.#works.length > 0) {
      // Where nothing can be written, those behind are forgotten as well: trying each would only keep callers waiting.
      if (!(await this.#together(this.#works.splice(0, MAX_TOGETHER)))) this.#works = []
    }
  }

  /**
   * Where the transaction of several fails, each is tried alone: one must not take the others with it. Answers whether
   * the database takes writes at all.
   */
  async #together(works: readonly Work[]): Promise<boolean> {
    try {
      await this.#doors.write(async (tx) => {
        for (const work of works) await work(tx)
      })
    } catch (error) {
      if (error instanceof StoreUnavailable) return error.reason === 'contended'
      if (works.length === 1) this.#doors.onProblem('store.deferred-failed', { error })
      else for (const work of works) await this.#together([work])
    }
    return true
  }
}
