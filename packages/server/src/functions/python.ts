import { execFile } from 'node:child_process'

const LOOK_MS = 10_000

/**
 * The interpreter itself behind what the operator named, which may be found by the server's own PATH, or be a script
 * that starts it: a function's process has neither. Nothing where there is none.
 */
export function findPython(named: string): Promise<string | undefined> {
  return new Promise((resolve) => {
    execFile(named, ['-c', 'import sys; print(sys.executable)'], { timeout: LOOK_MS }, (error, printed) => {
      const path = printed.trim()
      resolve(error || !path.startsWith('/') ? undefined : path)
    })
  })
}
