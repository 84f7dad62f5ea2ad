import assert from 'node:assert/strict'
import { type ChildProcess, spawn } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { cleanEnvironment, type Environment } from '../loopback.ts'
import { type Ending, endingOf, finish } from '../process.ts'
import type { Scratch } from '../server.ts'
import { CANNOT } from './tools.ts'

const START_LIMIT_MS = 60_000

/** This machine has no such place, for a reason that is not the tested code's. */
export class CannotHere extends Error {
  override readonly name = 'CannotHere'
}

/** The first process of namespaces of its own, that one of the scripts beside this file makes. */
export class Namespaces implements AsyncDisposable {
  /** How the script ended: as the process inside did. */
  readonly ended: Promise<Ending>
  readonly #scratch: Scratch
  readonly #child: ChildProcess
  readonly #output = { stdout: '', stderr: '' }

  /** @param scratch The script's SHARED; it goes with these namespaces. */
  constructor(script: string, args: readonly string[], env: Environment, scratch: Scratch) {
    this.#scratch = scratch
    this.#child = spawn(join(import.meta.dirname, script), [...args], {
      env: { ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    for (const name of ['stdout', 'stderr'] as const) {
      this.#child[name]?.setEncoding('utf8').on('data', (text: string) => {
        this.#output[name] += text
      })
    }
    this.ended = endingOf(this.#child, this.#output)
  }

  /** SHARED, out here. */
  get shared(): string {
    return this.#scratch.path
  }

  get stdout(): string {
    return this.#output.stdout
  }

  get stderr(): string {
    return this.#output.stderr
  }

  /** The first process's number out here, once it has one. */
  get pid(): number | undefined {
    const file = join(this.shared, 'pid')
    return existsSync(file) ? Number(readFileSync(file, 'utf8')) : undefined
  }

  /** @throws CannotHere; Error with what was said, when it ends before `isReady` or takes too long. */
  async until(isReady: () => boolean | Promise<boolean>): Promise<void> {
    const limitMs = performance.now() + START_LIMIT_MS
    for (;;) {
      const ending = await Promise.race([this.ended, sleep(50)])
      if (ending?.code === CANNOT) throw new CannotHere(ending.stderr.trim())
      assert.ok(!ending, `it ended: ${this.stderr}`)
      if (await isReady()) return
      assert.ok(performance.now() < limitMs, `it is not ready: ${this.stderr}`)
    }
  }

  signal(name: NodeJS.Signals): void {
    const { pid } = this
    assert.ok(pid, 'it has not begun')
    process.kill(pid, name)
  }

  /** A command beside the first process, as root in the same namespaces. */
  inside(...command: readonly string[]): Promise<Ending> {
    const place = ['--target', String(this.pid), '--mount', '--pid', '--uts', '--ipc', '--cgroup', '--']
    return finish('nsenter', [...place, ...command], { env: cleanEnvironment('/') })
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const { pid } = this
    if (pid !== undefined && this.#child.exitCode === null) {
      try {
        process.kill(pid, 'SIGKILL')
      } catch {
        // It has ended.
      }
    }
    this.#child.kill('SIGTERM')
    await this.ended
    this.#scratch[Symbol.dispose]()
  }
}

/** A port of loopback that nobody has just now. */
export async function freePort(): Promise<number> {
  const holder = createServer()
  await new Promise<void>((resolve) => holder.listen(0, '127.0.0.1', resolve))
  const address = holder.address()
  await new Promise((resolve) => holder.close(resolve))
  assert.ok(typeof address === 'object' && address)
  return address.port
}
