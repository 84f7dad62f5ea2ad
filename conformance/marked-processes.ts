/** Processes that are known by a value in their environment. */
import assert from 'node:assert/strict'
import { readdirSync, readFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { until } from './rotation-site.ts'

/** What the kernel may take to end them. */
const ENDED_WITHIN_MS = 5_000

/** The processes that have it now. */
export function processesWith(value: string): readonly number[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .filter((pid) => environmentOf(pid).includes(value))
    .map(Number)
}

function environmentOf(pid: string): string {
  try {
    return readFileSync(`/proc/${pid}/environ`, 'latin1')
  } catch {
    return '' // it has ended
  }
}

/** Demands that none is left; ends those that are. */
export async function demandGone(value: string): Promise<void> {
  try {
    await until('no process is left', () => processesWith(value).length === 0, ENDED_WITHIN_MS)
  } catch (error) {
    for (const pid of processesWith(value)) process.kill(pid, 'SIGKILL')
    throw error
  }
}

/** Demands that a server which was killed left no directory of a function's behind. */
export function demandNoWorkspace(serverPid: number): void {
  const left = readdirSync(tmpdir()).filter((name) => name.startsWith(`lockstep-function-${serverPid}-`))
  assert.deepEqual(left, [])
}
