import type { KeyObject } from 'node:crypto'
import type { Clock } from '../../platform/clock.ts'
import { TrailLane } from '../../trail/lane.ts'
import { migrations } from '../migrations/index.ts'
import { migrate } from '../migrations/runner.ts'
import type { StoreDoors, StoreKind } from '../open.ts'
import { Session } from '../sql/session.ts'
import type { Topic } from '../sql/sql.ts'
import { SqlWriters } from '../sql/writers.ts'
import type { Readers, Store, Writers } from '../store.ts'
import type { TrailEntry } from '../trail.ts'
import { type Database, openDirectory, openMemory } from './database.ts'
import { GroupCommit } from './group-commit.ts'
import { migrationTarget } from './migration-target.ts'

/** The store on SQLite. README.md tells the life of a write. */
export class SqliteStore implements Store {
  readonly read: Readers
  readonly #database: Database
  readonly #commits: GroupCommit
  readonly #clock: Clock
  /** The only one: one server at a time has the directory, and it has one writer. */
  readonly #lane = new TrailLane()
  readonly #revisions = new Map<Topic, number>()

  private constructor(database: Database, { clock, timer, onProblem }: StoreDoors) {
    this.#database = database
    this.#clock = clock
    const lane = this.#lane
    this.#commits = new GroupCommit({
      connection: database.writer,
      timer,
      writers: (session) => new SqlWriters(session, lane),
      lane,
      check: database.check,
      committed: (topics) => {
        for (const topic of topics) this.#revisions.set(topic, this.revision(topic) + 1)
      },
      onProblem,
    })
    const shared = database.reader === database.writer
    const gate = shared ? () => this.#commits.running : undefined
    this.read = new SqlWriters(new Session(database.reader, gate), lane)
  }

  static async open(kind: Exclude<StoreKind, { kind: 'postgres' }>, doors: StoreDoors): Promise<SqliteStore> {
    const database = kind.kind === 'memory' ? openMemory() : openDirectory(kind.directory, doors)
    try {
      await migrate(migrationTarget(database.writer), migrations, doors.clock.now())
    } catch (error) {
      database.close()
      throw error
    }
    return new SqliteStore(database, doors)
  }

  write<T>(work: (tx: Writers) => Promise<T>): Promise<T> {
    return this.#commits.write(work)
  }

  async openTrail(generation: number, key: KeyObject): Promise<void> {
    this.#lane.open(await this.write((tx) => tx.trail.openLane(generation)), key)
  }

  async openLanes(): Promise<ReadonlySet<number>> {
    const { number } = this.#lane
    return new Set(number === undefined ? [] : [number])
  }

  record(entry: TrailEntry): Promise<void> {
    return this.#commits.record(entry)
  }

  defer(work: (tx: Writers) => Promise<void>): void {
    this.#commits.defer(work)
  }

  revision(topic: Topic): number {
    return this.#revisions.get(topic) ?? 0
  }

  async probe(): Promise<void> {
    this.#database.inspect()
    const now = String(this.#clock.now().getTime())
    await this.write((tx) => tx.installation.setFact('probed-at', now))
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#commits.close()
    this.#database.close()
  }
}
