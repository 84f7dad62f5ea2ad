/** A PostgreSQL cluster for one test file: made in a scratch directory, on loopback alone, gone with the test. */
import { type ChildProcess, spawn } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { chmodSync, chownSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import pg from 'pg'
import { POSTGRES_BINARIES } from './components.ts'
import { cleanEnvironment } from './loopback.ts'
import { type Ending, endingOf, finish, type User } from './process.ts'
import { Scratch } from './server.ts'

/** The role that Lockstep comes as: no superuser, the owner of its databases. */
const ROLE = 'lockstep'
/** The role that the tests come as. */
const ADMINISTRATOR = 'postgres'
const START_LIMIT_MS = 60_000
const LOOK_AGAIN_MS = 50

export interface PostgresOptions {
  /** Whether a commit is on the disk before it is acknowledged; off where nothing is to survive a crash. */
  readonly isDurable?: boolean
  /** Whether a password is asked for, which costs each new connection some milliseconds of arithmetic. */
  readonly asksPassword?: boolean
  /** Further settings, as in postgresql.conf. */
  readonly settings?: Readonly<Record<string, string>>
}

/** What a connection string says besides where the cluster is. */
interface UrlParts {
  readonly password?: string
  /** Instead of the cluster's own: a proxy's. */
  readonly port?: number
}

interface Place {
  readonly scratch: Scratch
  readonly data: string
  readonly port: number
  readonly password: string
  readonly user: User | undefined
  readonly settings: Readonly<Record<string, string>>
}

export class Postgres implements AsyncDisposable {
  readonly #place: Place
  #postmaster: ChildProcess | undefined
  #ended: Promise<Ending> | undefined
  #log = ''

  private constructor(place: Place) {
    this.#place = place
  }

  /** A new cluster that answers. Its default collation is a language's, which no code here may depend on. */
  static async start(options: PostgresOptions = {}): Promise<Postgres> {
    const place = await newPlace(options)
    const passwordFile = join(place.scratch.path, 'password')
    writeFileSync(passwordFile, place.password)
    if (place.user) chownSync(passwordFile, place.user.uid, place.user.gid)
    await run(place, 'initdb', [
      ...[
        '-D',
        place.data,
        '-U',
        ADMINISTRATOR,
        '-A',
        options.asksPassword === false ? 'trust' : 'scram-sha-256',
        `--pwfile=${passwordFile}`,
        '--no-sync',
      ],
      ...['-E', 'UTF8', '--locale=C.UTF-8', '--locale-provider=icu', '--icu-locale=en-US'],
    ])
    const cluster = new Postgres(place)
    await cluster.restart()
    await cluster.sql(`create role ${ROLE} login createdb password '${place.password}'`)
    return cluster
  }

  /** A streaming replica of this cluster, read-only until it is promoted. It has the same role and password. */
  async standby(): Promise<Postgres> {
    const place = { ...(await newPlace({})), password: this.#place.password }
    const from = `host=127.0.0.1 port=${this.port} user=${ADMINISTRATOR} password=${this.password}`
    await run(place, 'pg_basebackup', [
      '-D',
      place.data,
      '-d',
      from,
      '-R',
      '-X',
      'stream',
      '--checkpoint=fast',
    ])
    const replica = new Postgres(place)
    await replica.restart()
    return replica
  }

  get port(): number {
    return this.#place.port
  }

  get password(): string {
    return this.#place.password
  }

  /** What the server wrote, all lives together. */
  get log(): string {
    return this.#log
  }

  /** A directory of the cluster's own user. */
  directory(name: string): string {
    const path = join(this.#place.scratch.path, name)
    mkdirSync(path)
    this.own(path)
    return path
  }

  /** Gives a path to the cluster's user. */
  own(path: string): void {
    const { user } = this.#place
    if (user) chownSync(path, user.uid, user.gid)
    chmodSync(path, 0o700)
  }

  url(database: string, { password = this.password, port = this.port }: UrlParts = {}): string {
    return `postgres://${ROLE}:${password}@127.0.0.1:${port}/${database}`
  }

  /** @returns Its URL. */
  async createDatabase(name: string, options = ''): Promise<string> {
    await this.sql(`create database ${name} owner ${ROLE} ${options}`)
    return this.url(name)
  }

  /** One statement, or several without values, as the administrator, on a connection of its own. */
  async sql<Row extends pg.QueryResultRow>(
    text: string,
    { database = 'postgres', values = [] }: { readonly database?: string; readonly values?: unknown[] } = {},
  ): Promise<readonly Row[]> {
    await using client = await this.connect(database)
    const { rows } = await client.query<Row>(values.length > 0 ? { text, values } : text)
    return rows
  }

  async connect(database = 'postgres'): Promise<pg.Client & AsyncDisposable> {
    const client = new pg.Client({
      host: '127.0.0.1',
      port: this.port,
      user: ADMINISTRATOR,
      password: this.password,
      database,
      connectionTimeoutMillis: 5_000,
    })
    // Whoever kills the server does not want to hear of it from here.
    client.on('error', () => {})
    await client.connect()
    return Object.assign(client, { [Symbol.asyncDispose]: () => client.end().catch(() => {}) })
  }

  /** Ends the server if it runs, as `pg_ctl restart -m fast` does, and starts it; answers once it answers. */
  async restart(): Promise<void> {
    await this.stop()
    const { data, port, settings, user, scratch } = this.#place
    const flags = {
      listen_addresses: '127.0.0.1',
      port: String(port),
      unix_socket_directories: '',
      ...settings,
    }
    const options = Object.entries(flags).flatMap(([name, value]) => ['-c', `${name}=${value}`])
    const limit = performance.now() + START_LIMIT_MS
    for (;;) {
      const child = spawn(binary('postgres'), ['-D', data, ...options], {
        cwd: scratch.path,
        env: cleanEnvironment(scratch.path),
        stdio: ['ignore', 'ignore', 'pipe'],
        ...user,
      })
      child.stderr.setEncoding('utf8').on('data', (text: string) => {
        this.#log += text
      })
      const ended = endingOf(child, { stdout: '', stderr: '' })
      this.#postmaster = child
      this.#ended = ended
      if (await answers(() => this.sql('select 1'), ended, limit)) return
      // Right after a SIGKILL its shared memory may still have a dying user; the next try finds it gone.
      if (performance.now() > limit) throw new Error(`PostgreSQL did not start: ${this.#log}`)
      await sleep(LOOK_AGAIN_MS)
    }
  }

  /** A fast shutdown: clients are sent away, transactions rolled back. Harmless where it does not run. */
  async stop(): Promise<void> {
    this.#postmaster?.kill('SIGINT')
    await this.#gone()
  }

  /** SIGKILL for the postmaster and everything it started, as when the machine's power goes. */
  async kill(): Promise<void> {
    const pid = this.#postmaster?.pid
    if (pid === undefined) return
    const children = childrenOf(pid)
    this.#postmaster?.kill('SIGKILL')
    for (const child of children) {
      try {
        process.kill(child, 'SIGKILL')
      } catch {
        // It has ended by itself.
      }
    }
    await this.#gone()
  }

  /** SIGSTOP for everything: connections stay and nothing answers, as on a machine that swaps or hangs. */
  freeze(): void {
    this.#signal('SIGSTOP')
  }

  thaw(): void {
    this.#signal('SIGCONT')
  }

  #signal(signal: NodeJS.Signals): void {
    const pid = this.#postmaster?.pid
    if (pid === undefined) return
    for (const one of [pid, ...childrenOf(pid)]) process.kill(one, signal)
  }

  async #gone(): Promise<void> {
    await this.#ended
    this.#postmaster = undefined
    this.#ended = undefined
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.kill()
    this.#place.scratch[Symbol.dispose]()
  }
}

/** Whether `ask` succeeds before the server has ended or the time is up. */
async function answers(ask: () => Promise<unknown>, ended: Promise<Ending>, limit: number): Promise<boolean> {
  let isOver = false
  void ended.then(() => {
    isOver = true
  })
  while (!isOver && performance.now() < limit) {
    try {
      await ask()
      return true
    } catch {
      await sleep(LOOK_AGAIN_MS)
    }
  }
  return false
}

async function newPlace({ isDurable = true, settings = {} }: PostgresOptions): Promise<Place> {
  const scratch = new Scratch()
  const user = await unprivileged()
  if (user) chownSync(scratch.path, user.uid, user.gid)
  return {
    scratch,
    user,
    data: join(scratch.path, 'cluster'),
    port: await freePort(),
    password: randomUUID(),
    settings: {
      shared_buffers: '32MB',
      log_min_messages: 'warning',
      ...(isDurable ? {} : { fsync: 'off', synchronous_commit: 'off', full_page_writes: 'off' }),
      ...settings,
    },
  }
}

/** PostgreSQL refuses to run as root, so root runs it as somebody else. */
async function unprivileged(): Promise<User | undefined> {
  if (process.getuid?.() !== 0) return undefined
  for (const name of ['postgres', 'nobody']) {
    const uid = await finish('id', ['-u', name], { env: cleanEnvironment('/') })
    const gid = await finish('id', ['-g', name], { env: cleanEnvironment('/') })
    if (uid.code === 0 && gid.code === 0) return { uid: Number(uid.stdout), gid: Number(gid.stdout) }
  }
  throw new Error('root has neither a user postgres nor a user nobody to run PostgreSQL as')
}

/** A loopback port that nobody has, for whoever needs the same one again after a restart. */
export async function freePort(): Promise<number> {
  const probe = createServer()
  await new Promise<void>((resolve) => probe.listen(0, '127.0.0.1', resolve))
  const address = probe.address()
  await new Promise((resolve) => probe.close(resolve))
  if (typeof address !== 'object' || address === null) throw new Error('a listener without a port')
  return address.port
}

function binary(name: string): string {
  if (POSTGRES_BINARIES === undefined) throw new Error('PostgreSQL is not installed')
  return join(POSTGRES_BINARIES, name)
}

async function run({ scratch, user }: Place, program: string, args: readonly string[]): Promise<void> {
  const env = cleanEnvironment(scratch.path)
  const { code, stderr, stdout } = await finish(binary(program), args, { env, cwd: scratch.path, ...user })
  if (code !== 0) throw new Error(`${program} failed: ${stderr}${stdout}`)
}

/** The processes that one started, by Linux's own list. */
function childrenOf(pid: number): readonly number[] {
  try {
    const list = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8')
    return list.trim().split(' ').filter(Boolean).map(Number)
  } catch {
    return []
  }
}
