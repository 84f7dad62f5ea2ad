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
