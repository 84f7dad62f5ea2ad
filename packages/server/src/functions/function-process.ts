import { type ChildProcess, spawn } from 'node:child_process'
import type { Readable } from 'node:stream'
import type { Timer } from '../platform/timer.ts'
import { MAX_PROCESSES } from './confinement.ts'
import {
  type Census,
  familyOf,
  hasVariable,
  holdsSocket,
  type ProcessEntry,
  residentBytes,
} from './family.ts'
import type { Outcome } from './outcome.ts'
import type { Output } from './output.ts'
import type { Ends } from './runtime-api.ts'

/** How often memory and processes are looked at. What grows faster is ended by so much too late. */
const WATCH_MS = 100
/** How old a list of processes may be that is looked at for that. */
const CENSUS_MS = 60
/** How often the dead are counted, and for how long, until all of them are. */
const BURIAL_MS = 10
const BURIAL_ROUNDS = 200
/** What was printed is read to its end, unless somebody holds the pipe who is not ours to end. */
const DRAIN_MS = 500

export interface ProcessOptions {
  readonly command: readonly string[]
  readonly environment: Readonly<Record<string, string>>
  readonly memoryBytes: number
  /** Whether the kernel ends all of them with the first. Otherwise those that left the family are looked for. */
  readonly endsAsOne: boolean
  readonly output: Output
  readonly census: Census
  readonly timer: Timer
}

/** The processes of one invocation: started together, watched together, ended together. */
export class FunctionProcess implements AsyncDisposable {
  /** How the first of them ended. */
  readonly exited: Promise<Outcome>
  /** Resolves where they take more than they may. */
  readonly exceeded: Promise<Outcome>
  readonly #options: ProcessOptions
  readonly #child: ChildProcess
  readonly #closed: Promise<void>
  readonly #known = new Set<string>()
  #hasExited = false
  #watch: Disposable | undefined
  #maxBytes = 0

  constructor(options: ProcessOptions) {
    this.#options = options
    const [program = '', ...args] = options.command
    // A session of its own, so that all of them can be ended by its number.
    const child = spawn(program, args, {
      cwd: '/',
      env: options.environment,
      stdio: ['ignore', 'pipe', 'pipe'],
      detached: true,
    })
    this.#child = child
    this.exited = new Promise((resolve) => {
      child.once('error', () => resolve({ kind: 'exited', code: 127, signal: null }))
      child.once('exit', (code, signal) => {
        this.#hasExited = true
        resolve(exitOf(code, signal))
      })
    })
    this.#closed = new Promise((resolve) => {
      child.once('close', () => resolve())
      child.once('error', () => resolve())
    })
    for (const stream of [child.stdout, child.stderr]) read(stream, options.output)
    const { promise, resolve } = Promise.withResolvers<Outcome>()
    this.exceeded = promise
    this.#watchFor(resolve)
  }

  /** The most memory that was seen at once. */
  get maxBytes(): number {
    return this.#maxBytes
  }

  /** Whether one of them holds the far end of a connection. */
  holds(ends: Ends): boolean {
    return holdsSocket(this.#family(0), ends)
  }

  /** Ends all of them, and answers when none is left. */
  async [Symbol.asyncDispose](): Promise<void> {
    const { timer } = this.#options
    this.#watch?.[Symbol.dispose]()
    const { pid } = this.#child
    if (pid === undefined) return
    if (!this.#hasExited) kill(-pid)
    for (let round = 0; round < BURIAL_ROUNDS; round++) {
      const left = this.#left()
      if (left.length === 0) break
      for (const entry of left) kill(entry.pid)
      await wait(timer, BURIAL_MS)
    }
    await Promise.race([this.#closed, wait(timer, DRAIN_MS)])
    this.#child.stdout?.destroy()
    this.#child.stderr?.destroy()
  }

  #watchFor(resolve: (outcome: Outcome) => void): void {
    const { timer, memoryBytes } = this.#options
    const look = () => {
      const family = this.#family(CENSUS_MS)
      this.#maxBytes = Math.max(this.#maxBytes, residentBytes(family))
      if (this.#maxBytes > memoryBytes) resolve({ kind: 'out-of-memory' })
      else if (family.length > MAX_PROCESSES) resolve({ kind: 'too-many-processes' })
      this.#watch = timer.after(WATCH_MS, look)
    }
    this.#watch = timer.after(WATCH_MS, look)
  }

  #family(maxAgeMs: number): readonly ProcessEntry[] {
    const { pid } = this.#child
    return pid === undefined ? [] : familyOf(pid, this.#options.census.entries(maxAgeMs), this.#known)
  }

  /** What still lives; by its environment, too, where it may have left the family unseen. */
  #left(): readonly ProcessEntry[] {
    const { census, endsAsOne, environment } = this.#options
    const family = this.#family(0)
    if (endsAsOne) return family
    const mark = `AWS_LAMBDA_RUNTIME_API=${environment.AWS_LAMBDA_RUNTIME_API}`
    const strays = census.entries(Number.POSITIVE_INFINITY).filter(({ pid }) => hasVariable(pid, mark))
    return [...family, ...strays]
  }
}

/** A shell in between tells of a signal by a status above 128. */
function exitOf(code: number | null, signal: NodeJS.Signals | null): Outcome {
  const named = code === null ? undefined : SIGNALS_OF_STATUS[code - 128]
  if (named !== undefined) return { kind: 'exited', code: null, signal: named }
  return { kind: 'exited', code, signal }
}

/** @see https://man7.org/linux/man-pages/man7/signal.7.html */
const SIGNALS_OF_STATUS: Readonly<Record<number, string>> = {
  1: 'SIGHUP',
  2: 'SIGINT',
  3: 'SIGQUIT',
  4: 'SIGILL',
  5: 'SIGTRAP',
  6: 'SIGABRT',
  7: 'SIGBUS',
  8: 'SIGFPE',
  9: 'SIGKILL',
  11: 'SIGSEGV',
  13: 'SIGPIPE',
  14: 'SIGALRM',
  15: 'SIGTERM',
}

function read(stream: Readable | null, output: Output): void {
  const lines = output.stream()
  stream?.setEncoding('utf8')
  stream?.on('data', (text: string) => lines.write(text))
  stream?.on('close', () => lines.end())
  stream?.on('error', () => {})
}

function kill(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL')
  } catch {
    // It has ended already.
  }
}

function wait(timer: Timer, delayMs: number): Promise<void> {
  return new Promise((resolve) => timer.after(delayMs, resolve))
}
