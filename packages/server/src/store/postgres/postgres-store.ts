import type { KeyObject } from 'node:crypto'
import type { Clock } from '../../platform/clock.ts'
import { TrailLane } from '../../trail/lane.ts'
import { migrations } from '../migrations/index.ts'
import { migrate } from '../migrations/runner.ts'
import type { StoreDoors } from '../open.ts'
import { Session } from '../sql/session.ts'
import type { Topic } from '../sql/sql.ts'
import { SqlWriters } from '../sql/writers.ts'
import type { Lock, Readers, Store, Writers } from '../store.ts'
import type { TrailEntry } from '../trail.ts'
import { StoreUnavailable, type UnavailableReason } from '../unavailable.ts'
import { Connection } from './connection.ts'
import { Deferred } from './deferred.ts'
import { Lanes } from './lanes.ts'
import { migrationTarget } from './migration-target.ts'
import { Pool } from './pool.ts'
import { Pulse } from './pulse.ts'
import { Recorder } from './recorder.ts'
import { Servers } from './servers.ts'
import { Topics } from './topics.ts'
import { Transactions } from './transactions.ts'

/** Of each server. docs/scaling.md says what a database has to offer for so many servers. */
const READERS = 6
const WRITERS = 8
const RECORDERS = 2

/**
 * A prepared statement keeps its plan. One that was made while its table had a few rows would read it whole, and go on
 * doing so while it grows, until the database has counted again. Where there is no other way, PostgreSQL takes the
 * price for so high that it would compile the statement first. Not every engine that speaks the protocol has these
 * settings, or needs them.
 */
const BY_INDEX = 'set enable_seqscan = off; set jit = off'
/**
 * Every statement finds its rows by a key, whatever the values: one plan does. Without this PostgreSQL plans the
 * insert of events anew each time, which takes longer than the insert.
 */
const ONE_PLAN = 'set plan_cache_mode = force_generic_plan'
/** An acknowledged write is on a disk, whatever the database's own default. Stricter settings stay. */
const DURABLE = `select set_config('synchronous_commit', 'on', false)
  where current_setting('synchronous_commit', true) = 'off'`

/** How long a refused write makes health red where nothing is written after it. */
const REFUSED_FOR_MS = 10_000
/** What a call meets now and then while all is well. */
const PASSING: ReadonlySet<UnavailableReason> = new Set(['busy', 'contended', 'fenced', 'closed'])

export interface PostgresOptions {
  readonly url: string
  /** How far this server's clock may be from the database's. Absent: as far as a test moves it. */
  readonly maxSkewMs?: number | undefined
}

interface Pools {
  readonly readers: Pool
  readonly writers: Pool
  /** Of their own, so that events of reads never wait behind those who wait for one another's rows. */
  readonly recorders: Pool
  /** One connection that says that this server lives, however busy the others are. */
  readonly pulse: Pool
}

/** The store on PostgreSQL, shared with other servers. README.md tells the life of a write. */
export class PostgresStore implements Store {
  readonly read: Readers
  readonly #pools: Pools
  readonly #clock: Clock
  readonly #lanes: Lanes
  readonly #servers: Servers
  readonly #topics = new Topics()
  readonly #transactions: Transactions
  readonly #recorder: Recorder
  readonly #deferred: Deferred
  readonly #pulse: Pulse
  readonly #under = new Set<Promise<unknown>>()
  /** The last write that the environment refused, unless one has succeeded since. */
  #refused: { readonly error: StoreUnavailable; readonly atMs: number } | undefined
  #closed = false

  private constructor(pools: Pools, { maxSkewMs }: PostgresOptions, doors: StoreDoors) {
    const { clock, timer, random, onProblem } = doors
    this.#pools = pools
    this.#clock = clock
    this.#lanes = new Lanes()
    const pulse = new Connection((query) => pools.pulse.ask(query))
    this.#servers = new Servers(pulse)
    const own = { lanes: this.#lanes, timer, random }
    this.#transactions = new Transactions({
      ...own,
      pool: pools.writers,
      committed: (topics) => this.#changed(topics),
    })
    this.#recorder = new Recorder({ ...own, pool: pools.recorders }, RECORDERS)
    this.#deferred = new Deferred({ timer, onProblem, write: (work) => this.#transactions.run(work) })
    this.#pulse = new Pulse({
      ...{ clock, timer, random, onProblem, maxSkewMs },
      servers: this.#servers,
      lanes: this.#lanes,
      look: (nowMs) => this.#topics.look(pulse, nowMs),
      tidy: async () => {
        await this.#servers.forgetOld()
        await Topics.fold(pulse)
      },
    })
    const reader = new Session(new Connection((query) => pools.readers.ask(query)))
    this.read = new SqlWriters(reader, new TrailLane())
  }

  /** @throws SchemaMismatch, StoreUnavailable */
  static async open(options: PostgresOptions, doors: StoreDoors): Promise<PostgresStore> {
    const { url } = options
    const onLost = () => {}
    const pools = {
      readers: new Pool({ url, connections: READERS, settings: [BY_INDEX, ONE_PLAN], onLost }),
      writers: new Pool({ url, connections: WRITERS, settings: [BY_INDEX, ONE_PLAN, DURABLE], onLost }),
      recorders: new Pool({ url, connections: RECORDERS, settings: [BY_INDEX, ONE_PLAN, DURABLE], onLost }),
      pulse: new Pool({ url, connections: 1, onLost }),
    }
    try {
      await migrate(migrationTarget(pools.writers), migrations, doors.clock.now())
      const store = new PostgresStore(pools, options, doors)
      await store.#pulse.start()
      return store
    } catch (error) {
      await Promise.all(Object.values(pools).map((pool) => pool.end()))
      throw error
    }
  }

  async openTrail(generation: number, key: KeyObject): Promise<void> {
    this.#lanes.open(generation, key)
  }

  openLanes(): Promise<ReadonlySet<number>> {
    return this.#servers.openLanes()
  }

  write<T>(work: (tx: Writers) => Promise<T>, lock?: Lock): Promise<T> {
    return this.#living(() => this.#transactions.run(work, lock))
  }

  record(entry: TrailEntry): Promise<void> {
    return this.#living(() => this.#recorder.record(entry))
  }

  defer(work: (tx: Writers) => Promise<void>): void {
    if (!this.#closed) this.#deferred.add(work)
  }

  revision(topic: Topic): number {
    return this.#topics.revision(topic, this.#clock.now().getTime())
  }

  async probe(): Promise<void> {
    await this.#pulse.beat()
    // A disk may have room for the row of a beat and none for an event.
    const refused = this.#refused
    if (refused && Math.abs(this.#clock.now().getTime() - refused.atMs) < REFUSED_FOR_MS) throw refused.error
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#closed = true
    await Promise.allSettled(this.#under)
    await this.#deferred.close()
    await this.#pulse.stop()
    await Promise.all(Object.values(this.#pools).map((pool) => pool.end()))
  }

  /** Once more where the others had taken this server for gone: it has come back under another id. */
  async #living<T>(act: () => Promise<T>): Promise<T> {
    if (this.#closed) throw new StoreUnavailable('closed')
    this.#pulse.demandGood()
    const under = act().catch(async (error: unknown) => {
      if (!(error instanceof StoreUnavailable) || error.reason !== 'fenced') throw error
      await this.#pulse.beat()
      return act()
    })
    this.#under.add(under)
    try {
      const value = await under
      this.#refused = undefined
      return value
    } catch (error) {
      if (error instanceof StoreUnavailable && !PASSING.has(error.reason)) {
        this.#refused = { error, atMs: this.#clock.now().getTime() }
      }
      throw error
    } finally {
      this.#under.delete(under)
    }
  }

  #changed(topics: ReadonlySet<Topic>): void {
    for (const topic of topics) this.#topics.committed(topic)
  }
}
