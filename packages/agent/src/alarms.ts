import type { Doors } from './platform.ts'

/** What is still to be done later, until disposed. An alarm that stayed would keep the process from ending. */
export class Alarms implements Disposable {
  readonly #doors: Pick<Doors, 'after'>
  readonly #set = new Set<Disposable>()
  #isOver = false

  constructor(doors: Pick<Doors, 'after'>) {
    this.#doors = doors
  }

  /** Sets none once it is disposed: what runs out then may still ask. */
  after(delayMs: number, act: () => void): void {
    if (this.#isOver) return
    const alarm = this.#doors.after(delayMs, () => {
      this.#set.delete(alarm)
      act()
    })
    this.#set.add(alarm)
  }

  [Symbol.dispose](): void {
    this.#isOver = true
    for (const alarm of this.#set) alarm[Symbol.dispose]()
    this.#set.clear()
  }
}
