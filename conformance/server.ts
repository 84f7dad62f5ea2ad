import assert from 'node:assert/strict'
import { type ChildProcess, spawn } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Hooks } from './components.ts'
import { cleanEnvironment, demandLoopback, type Environment } from './loopback.ts'
import { type Ending, endingOf, finish } from './process.ts'

export const LOCKSTEP = join(import.meta.dirname, '../packages/cli/bin/lockstep')
/** Far beyond what a start takes, for a machine that does much else. */
const START_LIMIT_MS = 60_000
/** SIGTERM drains within this. */
const DRAIN_LIMIT_MS = 10_000
/** What a process may take to end beyond its drain. */
const EXIT_SLACK_MS = 1_500

export interface ServerOptions {
  /** Absent: one of its own, that goes with the server. */
  readonly directory?: string
  readonly flags?: readonly string[]
  readonly env?: Environment
  /** How far ahead of this machine's clock the server's is. */
  readonly clockAheadMs?: number
}

/** Node keeps what it compiled of the server's modules here; a start then takes half the time. */
const COMPILED = { NODE_COMPILE_CACHE: join(import.meta.dirname, '.cache/compiled') }

/** Those still in use; they go when this process does. */
const scratches = new Set<Scratch>()
process.on('exit', () => {
  for (const scratch of scratches) scratch[Symbol.dispose]()
})

/** A directory for one test, deleted with everything in it. */
export class Scratch implements Disposable {
  readonly path = mkdtempSync(join(tmpdir(), 'lockstep-conformance-'))

  constructor() {
    scratches.add(this)
  }

  [Symbol.dispose](): void {
    scratches.delete(this)
    rmSync(this.path, { recursive: true, force: true })
  }
}

/** `lockstep …` to its end. */
export function lockstep(args: readonly string[], env: Environment = {}): Promise<Ending> {
  const environment = { ...cleanEnvironment(tmpdir()), ...COMPILED, ...env }
  return finish(process.execPath, [LOCKSTEP, ...args], { env: environment, limitMs: START_LIMIT_MS })
}

/** A real `lockstep serve` on a free loopback port, in a process of its own. */
export class Server implements AsyncDisposable {
  readonly directory: string
  readonly pid: number
  /** How and when the process ended. */
  readonly ended: Promise<Ending>
  readonly #child: ChildProcess
  readonly #scratch: Scratch
  readonly #output = { stdout: '', stderr: '' }
  #url = ''

  private constructor(options: ServerOptions) {
    this.#scratch = new Scratch()
    this.directory = options.directory ?? join(this.#scratch.path, 'data')
    const place = ['--data', this.directory, '--listen', '127.0.0.1:0']
    this.#child = spawn(process.execPath, [LOCKSTEP, 'serve', ...place, ...(options.flags ?? [])], {
      cwd: this.#scratch.path,
      env: {
        ...cleanEnvironment(this.#scratch.path),
        ...COMPILED,
        ...(options.clockAheadMs === undefined ? {} : clockAhead(options.clockAheadMs)),
        ...options.env,
      },
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    this.pid = this.#child.pid ?? 0
    for (const name of ['stdout', 'stderr'] as const) {
      this.#child[name]?.setEncoding('utf8').on('data', (text: string) => {
        this.#output[name] += text
      })
    }
    this.ended = endingOf(this.#child, this.#output)
  }

  /** @throws Error with what the server said, when it ends before it is ready. */
  static async start(options: ServerOptions = {}): Promise<Server> {
    const server = Server.spawn(options)
    await server.ready()
    return server
  }

  /** Starts one without waiting until it answers. */
  static spawn(options: ServerOptions = {}): Server {
    return new Server(options)
  }

  async ready(): Promise<void> {
    const isReady = new Promise<string>((resolve) => {
      const look = () => {
        const line = /^lockstep ready (\S+)$/m.exec(this.stdout)
        if (line?.[1] !== undefined) resolve(line[1])
      }
      this.#child.stdout?.on('data', look)
      look()
    })
    const outcome = await Promise.race([
      isReady,
      this.ended,
      sleep(START_LIMIT_MS, undefined, { ref: false }),
    ])
    if (typeof outcome === 'string') this.#url = demandLoopback(outcome)
    else {
      await this.kill()
      throw new Error(`The server did not start: ${this.stderr}`)
    }
  }

  /** Where the process stands, which is not its data directory. */
  get workingDirectory(): string {
    return this.#scratch.path
  }

  /** The endpoint, once it is ready. */
  get url(): string {
    return this.#url
  }

  get stdout(): string {
    return this.#output.stdout
  }

  get stderr(): string {
    return this.#output.stderr
  }

  /** What `eval "$(lockstep admin-env)"` leaves in a POSIX shell, and what keeps an AWS client to itself. */
  async administrator(account?: string): Promise<Environment> {
    const arguments_ = ['admin-env', '--data', this.directory, ...(account ? ['--account', account] : [])]
    const exports = await lockstep(arguments_)
    assert.equal(exports.code, 0, exports.stderr)
    const clean = cleanEnvironment(this.#scratch.path)
    const shell = await finish('sh', ['-c', 'eval "$1" && exec env -0', 'sh', exports.stdout], { env: clean })
    assert.equal(shell.code, 0, shell.stderr)
    const variables = shell.stdout.split('\0').filter((line) => line.startsWith('AWS_'))
    return Object.fromEntries(
      variables.map((line) => [line.slice(0, line.indexOf('=')), line.slice(line.indexOf('=') + 1)]),
    )
  }

  /** SIGTERM, and an exit with 0 within the drain's limit. Harmless on a server that has ended. */
  async stop(): Promise<void> {
    this.#child.kill('SIGTERM')
    const limit = sleep(DRAIN_LIMIT_MS + EXIT_SLACK_MS, undefined, { ref: false })
    const ending = await Promise.race([this.ended, limit])
    if (!ending) await this.kill()
    assert.ok(ending, `the server did not end within ${DRAIN_LIMIT_MS} ms of SIGTERM`)
    if (ending.signal !== 'SIGKILL') assert.equal(ending.code, 0, this.stderr)
  }

  /** Asks it to end, and does not wait. */
  terminate(): void {
    this.#child.kill('SIGTERM')
  }

  /** SIGKILL: what a power cut or the kernel's memory killer does. */
  async kill(): Promise<void> {
    this.#child.kill('SIGKILL')
    await this.ended
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.kill()
    this.#scratch[Symbol.dispose]()
  }
}

/** One server for the tests of a file or suite: started before the first, stopped with SIGTERM after the last. */
export function sharedServer({ before, after }: Hooks, options: ServerOptions = {}): () => Server {
  let server: Server | undefined
  before(async () => {
    server = await Server.start(options)
  })
  after(async () => {
    await using running = server
    await running?.stop()
  })
  return () => {
    assert.ok(server, 'the server has not been started')
    return server
  }
}

/** Node's own option to run a line first, used to put the process's clock ahead, as faketime would. */
function clockAhead(ms: number): Environment {
  return imported(`const ahead=()=>${ms};${AHEAD}`)
}

/** The same by as many milliseconds as a file says, and whoever runs the test may change it while the server runs. */
export function clockBy(file: string): Environment {
  const read = `const f=process.getBuiltinModule('node:fs');let ms=0;const look=()=>{ms=Number(f.readFileSync(${JSON.stringify(file)},'utf8'))}`
  return imported(`${read};look();setInterval(look,50).unref();const ahead=()=>ms;${AHEAD}`)
}

/** Answers have the same clock's Date, by which Amazon's clients correct their own. */
const DATED =
  "const R=process.getBuiltinModule('node:http').ServerResponse.prototype;const head=R.writeHead;R.writeHead=function(...a){this.setHeader('date',new Date().toUTCString());return head.apply(this,a)}"

const AHEAD = `const Real=Date;globalThis.Date=class extends Real{constructor(...a){a.length?super(...a):super(Real.now()+ahead())}static now(){return Real.now()+ahead()}};${DATED}`

function imported(script: string): Environment {
  return { NODE_OPTIONS: `--import=data:text/javascript,${encodeURIComponent(script)}` }
}
