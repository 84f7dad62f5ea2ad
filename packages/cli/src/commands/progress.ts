interface Progress {
  readonly doing: string
  readonly table: string
  readonly done: number
  readonly total: number
}

const ERASE_LINE = '\r\u001b[K'

/** Shows on a terminal how far a long command is, on one line of standard error; elsewhere nothing. */
export function terminalProgress(): Disposable & { show(progress: Progress): void } {
  const terminal = process.stderr.isTTY ? process.stderr : undefined
  let shown = ''
  return {
    show({ doing, table, done, total }) {
      const percent = Math.floor((100 * done) / Math.max(total, 1))
      // A line for each percent and table, not for each page.
      const line = `${doing} ${table} ${percent}%`
      if (line === shown) return
      shown = line
      terminal?.write(`${ERASE_LINE}${doing} ${table}: ${done} of ${total} rows`)
    },
    [Symbol.dispose]() {
      if (shown !== '') terminal?.write(ERASE_LINE)
    },
  }
}
