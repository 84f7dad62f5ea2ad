/** Several servers on one database, each with a data directory and a port of its own that it keeps. */
import assert from 'node:assert/strict'
import { join } from 'node:path'
import type { Environment } from './loopback.ts'
import { freePort } from './postgres.ts'
import type { Caller, Keys } from './sdk.ts'
import { Scratch, Server } from './server.ts'

const ADMINISTRATOR: Keys = {
  accessKeyId: 'AKIACONFORMANCE00000',
  secretAccessKey: 'the-secret-of-the-fleet-administrator',
}
const REGION = 'us-east-1'

export interface FleetOptions {
  /** The database's address. */
  readonly url: string
  readonly servers?: number
  readonly flags?: readonly string[]
  /** For one server alone. */
  readonly env?: (index: number) => Environment
}

/** One server's place, which outlives the server. */
interface Seat {
  readonly directory: string
  readonly port: number
  server: Server | undefined
}

export class Fleet implements AsyncDisposable {
  readonly #scratch = new Scratch()
  readonly #options: FleetOptions
  readonly #seats: readonly Seat[]
  /** What servers that have ended wrote to standard error. */
  #ended = ''

  private constructor(options: FleetOptions, ports: readonly number[]) {
    this.#options = options
    this.#seats = ports.map((port, index) => ({
      directory: join(this.#scratch.path, `server-${index}`),
      port,
      server: undefined,
    }))
  }

  /** All ready. The first one makes the account and the root key. */
  static async start(options: FleetOptions): Promise<Fleet> {
    const fleet = await Fleet.prepare(options)
    for (const index of fleet.indexes) await fleet.begin(index)
    return fleet
  }

  /** Places without servers. */
  static async prepare(options: FleetOptions): Promise<Fleet> {
    const ports: number[] = []
    for (let index = 0; index < (options.servers ?? 3); index++) ports.push(await freePort())
    return new Fleet(options, ports)
  }

  get indexes(): readonly number[] {
    return [...this.#seats.keys()]
  }

  /** The first server's data directory, where the root key is. */
  get home(): string {
    return this.#seat(0).directory
  }

  get rootKey(): string {
    return `file:${join(this.home, 'root.key')}`
  }

  caller(index: number): Caller {
    return { endpoint: `http://127.0.0.1:${this.#seat(index).port}`, region: REGION, keys: ADMINISTRATOR }
  }

  server(index: number): Server {
    const { server } = this.#seat(index)
    assert.ok(server, `server ${index} does not run`)
    return server
  }

  /** Everything that all servers have written to standard error so far. */
  get log(): string {
    return this.#ended + this.#seats.map(({ server }) => server?.stderr ?? '').join('')
  }

  spawn(index: number): Server {
    const seat = this.#seat(index)
    const { url, flags = [], env } = this.#options
    seat.server = Server.spawn({
      directory: seat.directory,
      flags: ['--listen', `127.0.0.1:${seat.port}`, '--root-key', this.rootKey, ...flags],
      env: {
        LOCKSTEP_STORE: url,
        LOCKSTEP_ADMIN_ACCESS_KEY_ID: ADMINISTRATOR.accessKeyId,
        LOCKSTEP_ADMIN_SECRET_ACCESS_KEY: ADMINISTRATOR.secretAccessKey,
        ...env?.(index),
      },
    })
    return seat.server
  }

  async begin(index: number): Promise<void> {
    await this.spawn(index).ready()
  }

  async kill(index: number): Promise<void> {
    await this.#end(index, (server) => server.kill())
  }

  /** SIGTERM, and its drain. */
  async stop(index: number): Promise<void> {
    await this.#end(index, (server) => server.stop())
  }

  async stopAll(): Promise<void> {
    await Promise.all(this.indexes.map((index) => this.stop(index)))
  }

  async #end(index: number, how: (server: Server) => Promise<void>): Promise<void> {
    const seat = this.#seat(index)
    const { server } = seat
    if (!server) return
    await using _leaving = server
    await how(server)
    this.#ended += server.stderr
    seat.server = undefined
  }

  #seat(index: number): Seat {
    const seat = this.#seats[index]
    assert.ok(seat, `there is no server ${index}`)
    return seat
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const index of this.indexes) await this.kill(index)
    this.#scratch[Symbol.dispose]()
  }
}
