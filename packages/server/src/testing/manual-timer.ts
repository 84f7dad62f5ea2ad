import { systemTimer, type Timer } from '../platform/timer.ts'

/** A timer whose time comes when a test says so. Turns of the event loop are the real ones. */
export class ManualTimer implements Timer {
  readonly #waiting = new Set<{ readonly delayMs: number; readonly callback: () => void }>()

  after(delayMs: number, callback: () => void): Disposable {
    const alarm = { delayMs, callback }
    this.#waiting.add(alarm)
    return { [Symbol.dispose]: () => void this.#waiting.delete(alarm) }
  }

  atTurnEnd(callback: () => void): void {
    systemTimer.atTurnEnd(callback)
  }

  /** The time of everything that is to happen within `delayMs` has come. */
  pass(delayMs: number): void {
    for (const alarm of [...this.#waiting]) {
      if (alarm.delayMs > delayMs) continue
      this.#waiting.delete(alarm)
      alarm.callback()
    }
  }

  /** How many callbacks still wait. */
  get waiting(): number {
    return this.#waiting.size
  }
}
