/** Child processes that the benchmark measures: how to start one, and how much CPU time it has used. */
import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { readFileSync } from 'node:fs'

export interface Process extends AsyncDisposable {
  readonly pid: number
  readonly port: number
  /** From the spawn until it said that it was ready. */
  readonly readyAfterMs: number
}

/** Starts a program that prints `… ready http://127.0.0.1:PORT`. */
export async function start(args: readonly string[], env: NodeJS.ProcessEnv = process.env): Promise<Process> {
  const startedAtMs = performance.now()
  const child = spawn(process.execPath, args, { env, stdio: ['ignore', 'pipe', 'inherit'] })
  const port = await readyPort(child)
  const readyAfterMs = performance.now() - startedAtMs
  return {
    pid: child.pid ?? 0,
    port,
    readyAfterMs,
    async [Symbol.asyncDispose]() {
      const closed = new Promise((resolve) => child.once('close', resolve))
      child.kill('SIGTERM')
      await closed
    },
  }
}

function readyPort(child: ChildProcess): Promise<number> {
  return new Promise((resolve, reject) => {
    let text = ''
    child.stdout?.on('data', (chunk: Buffer) => {
      text += chunk.toString()
      const port = /ready https?:\/\/[^:]+:(\d+)/.exec(text)?.[1]
      if (port !== undefined) resolve(Number(port))
    })
    child.once('close', (code) => reject(new Error(`the server ended with ${code} before it was ready`)))
  })
}

const TICKS_PER_SECOND = Number(execFileSync('getconf', ['CLK_TCK'], { encoding: 'utf8' }))

/**
 * User and system time of a process and all its threads, in microseconds; exact to a clock tick (10 ms).
 * @see man 5 proc, /proc/pid/stat, fields 14 and 15
 */
export function cpuMicroseconds(pid: number): number {
  const fields = statOf(pid)
  return ((Number(fields[11]) + Number(fields[12])) * 1_000_000) / TICKS_PER_SECOND
}

/**
 * The same of whatever a process has started, and that in turn, as often as it is looked at: a process that has ended
 * counts with what it had used at the last look. Those that are killed with their parents are in nobody's account.
 * @see man 5 proc, /proc/pid/task/tid/children
 */
export class DescendantsCpu {
  readonly #pid: number
  readonly #used = new Map<number, number>()

  constructor(pid: number) {
    this.#pid = pid
  }

  look(): void {
    this.#lookBelow(this.#pid)
  }

  get microseconds(): number {
    return [...this.#used.values()].reduce((sum, used) => sum + used, 0)
  }

  #lookBelow(pid: number): void {
    try {
      const children = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8')
      for (const child of children.split(' ').filter(Boolean).map(Number)) {
        this.#used.set(child, cpuMicroseconds(child))
        this.#lookBelow(child)
      }
    } catch {
      // It has ended meanwhile.
    }
  }
}

function statOf(pid: number): readonly string[] {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
  return stat.slice(stat.lastIndexOf(')') + 2).split(' ')
}

/** Resident memory in MiB. */
export function residentMiB(pid: number): number {
  return Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? 0) / 1024
}
