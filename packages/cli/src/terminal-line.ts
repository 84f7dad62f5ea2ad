const ERASE_LINE = '\r\u001b[K'

/** One line of standard error that changes, on a terminal; elsewhere nothing. Erased when it is disposed of. */
export function terminalLine(): Disposable & { show(line: string): void } {
  const terminal = process.stderr.isTTY ? process.stderr : undefined
  let shown = ''
  return {
    show(line) {
      if (line === shown) return
      shown = line
      terminal?.write(`${ERASE_LINE}${line}`)
    },
    [Symbol.dispose]() {
      if (shown !== '') terminal?.write(ERASE_LINE)
      shown = ''
    },
  }
}

const ERASE_BELOW = '\u001b[J'

/** Lines of standard output that are written anew in their place on a terminal; elsewhere once more where they changed. */
export function rewritten(): Disposable & { show(lines: readonly string[]): void } {
  const isTerminal = process.stdout.isTTY === true
  let shown: readonly string[] = []
  return {
    show(lines) {
      if (lines.join('\n') === shown.join('\n')) return
      if (isTerminal && shown.length > 0) process.stdout.write(`\u001b[${rowsOf(shown)}A\r${ERASE_BELOW}`)
      process.stdout.write(`${lines.join('\n')}\n`)
      shown = lines
    },
    [Symbol.dispose]() {
      shown = []
    },
  }
}

/** A line that is wider than the terminal takes more than one. */
function rowsOf(lines: readonly string[]): number {
  const columns = process.stdout.columns || 80
  return lines.reduce((rows, line) => rows + Math.max(1, Math.ceil(line.length / columns)), 0)
}
