import type { Timer } from '../platform/timer.ts'

/** Acts again and again, `everyMs` after the time before has ended. */
export function repeat(timer: Timer, everyMs: number, act: () => Promise<void>): Disposable {
  let next: Disposable | undefined = timer.after(everyMs, turn)
  function turn(): void {
    void act().finally(() => {
      if (next) next = timer.after(everyMs, turn)
    })
  }
  return {
    [Symbol.dispose]() {
      next?.[Symbol.dispose]()
      next = undefined
    },
  }
}
