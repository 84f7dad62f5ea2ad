import type { Keyring } from '../keyring/keyring.ts'
import type { Clock } from '../platform/clock.ts'
import { systemRandom } from '../platform/random.ts'
import { systemTimer } from '../platform/timer.ts'
import { migrations } from '../store/migrations/index.ts'
import { migrate } from '../store/migrations/runner.ts'
import { Session } from '../store/sql/session.ts'
import { SqlTrail } from '../store/sql/trail.ts'
import { SqlWriters } from '../store/sql/writers.ts'
import { Connection } from '../store/sqlite/connection.ts'
import { migrationTarget } from '../store/sqlite/migration-target.ts'
import type { Writers } from '../store/store.ts'
import type { TrailEntry } from '../store/trail.ts'
import { TrailLane } from './lane.ts'
import { Sealer, type SealerStore } from './sealer.ts'
import { newTrailKey, openTrailKey, type SigningKey } from './signing-key.ts'
import { testEntry } from './test-trail.ts'

type LaneState =
  | 'open'
  /** Its server is silent. What it has begun may still commit. */
  | 'lingering'
  /** Nothing can commit in it any more: that is what the fence of each append is for. */
  | 'closed'

/** For tests: a trail in memory that several servers write, each lane when the test says so. */
export class TestLanes implements SealerStore {
  readonly read: Writers
  readonly signingKey: SigningKey
  /** How many events were committed. */
  appended = 0
  readonly #connection: Connection
  readonly #session: Session
  readonly #keyring: Keyring
  readonly #lanes: { readonly lane: TrailLane; state: LaneState }[] = []

  private constructor(connection: Connection, keyring: Keyring) {
    this.#connection = connection
    this.#keyring = keyring
    this.#session = new Session(connection)
    this.read = new SqlWriters(this.#session, new TrailLane())
    const key = newTrailKey(keyring, systemRandom)
    this.signingKey = openTrailKey(key, keyring)
    void this.read.trail.addKey(key)
  }

  static async open(keyring: Keyring): Promise<TestLanes> {
    const connection = new Connection(':memory:')
    await migrate(migrationTarget(connection), migrations, new Date(0))
    return new TestLanes(connection, keyring)
  }

  /** A sealer over it, as one of the servers has it. */
  sealer(clock: Clock): Sealer {
    return new Sealer({ store: this, clock, timer: systemTimer, key: this.signingKey, onCheckpoint() {} })
  }

  async write<T>(work: (tx: Writers) => Promise<T>): Promise<T> {
    this.#connection.begin()
    try {
      const value = await work(this.read)
      this.#connection.commit()
      return value
    } catch (error) {
      this.#connection.abandon()
      throw error
    }
  }

  async openLanes(): Promise<ReadonlySet<number>> {
    return new Set(this.#lanes.filter(({ state }) => state !== 'closed').map(({ lane }) => lane.number ?? 0))
  }

  async openLane(): Promise<void> {
    const lane = new TrailLane()
    lane.open(await this.read.trail.openLane(1), this.#keyring.macKey('trail-lane', 1))
    this.#lanes.push({ lane, state: 'open' })
  }

  /** Moves one of the lanes that are not closed a step nearer to its end, or right there. */
  endLane(pick: number, how: 'by a step' | 'at once' = 'by a step'): void {
    const chosen = this.#growing(pick)
    if (chosen) chosen.state = chosen.state === 'open' && how === 'by a step' ? 'lingering' : 'closed'
  }

  /** Commits events in one of the lanes that are not closed. */
  async append(pick: number, entries: readonly TrailEntry[]): Promise<void> {
    const chosen = this.#growing(pick)
    if (!chosen) return
    const trail = new SqlTrail(this.#session, chosen.lane)
    for (const entry of entries) await trail.append(entry)
    this.appended += entries.length
  }

  /** What somebody with a shell and the database can do. */
  edit(sql: string): void {
    this.#connection.exec(sql)
  }

  close(): void {
    this.#connection.close()
  }

  #growing(pick: number) {
    const growing = this.#lanes.filter(({ state }) => state !== 'closed')
    return growing[pick % growing.length]
  }
}

/** So many events of one instant. */
export function entriesAt(at: Date, count: number): readonly TrailEntry[] {
  return Array.from({ length: count }, () => testEntry(at))
}
