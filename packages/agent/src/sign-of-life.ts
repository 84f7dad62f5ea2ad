import type { Report } from '@lockstep/wire'
import type { Doors } from './platform.ts'

/** After five minutes without a word of its own a node counts as lost: there is time for two. */
const EVERY_MS = 100_000
/** And this much more by chance, so that a fleet does not say it at once. */
const SPREAD_MS = 40_000
const NOTHING_NEW: Report = { started: [], results: [], associations: [] }

/**
 * Tells the server again and again that the node is there, until it is disposed. A stream's lines are the server's:
 * that they are sent does not show that anybody hears them.
 */
export class SignOfLife implements Disposable {
  readonly #report: (report: Report) => Promise<unknown>
  readonly #doors: Doors
  #alarm: Disposable

  constructor(report: (report: Report) => Promise<unknown>, doors: Doors) {
    this.#report = report
    this.#doors = doors
    this.#alarm = this.#next()
  }

  [Symbol.dispose](): void {
    this.#alarm[Symbol.dispose]()
  }

  #next(): Disposable {
    return this.#doors.after(EVERY_MS + this.#doors.below(SPREAD_MS), () => {
      this.#alarm = this.#next()
      // Where nobody takes it the link tries to listen again, which is a sign as well.
      this.#report(NOTHING_NEW).catch(() => {})
    })
  }
}
