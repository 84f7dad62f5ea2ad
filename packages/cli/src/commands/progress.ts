import { terminalLine } from '../terminal-line.ts'

interface Progress {
  readonly doing: string
  readonly table: string
  readonly done: number
  readonly total: number
}

/** Shows on a terminal how far a long command is, on one line of standard error; elsewhere nothing. */
export function terminalProgress(): Disposable & { show(progress: Progress): void } {
  const line = terminalLine()
  let shown = ''
  return {
    show({ doing, table, done, total }) {
      const percent = Math.floor((100 * done) / Math.max(total, 1))
      // A line for each percent and table, not for each page.
      const step = `${doing} ${table} ${percent}%`
      if (step === shown) return
      shown = step
      line.show(`${doing} ${table}: ${done} of ${total} rows`)
    },
    [Symbol.dispose]() {
      line[Symbol.dispose]()
    },
  }
}
