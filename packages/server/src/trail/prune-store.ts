import { systemClock } from '../platform/clock.ts'
import { openStore, type StoreKind } from '../store/open.ts'
import { Session } from '../store/sql/session.ts'
import { SqlWriters } from '../store/sql/writers.ts'
import { Connection } from '../store/sqlite/connection.ts'
import { filesIn } from '../store/sqlite/files.ts'
import type { Readers, Store, Writers } from '../store/store.ts'
import { TrailLane } from './lane.ts'

/** How long to wait for a server's commit. */
const BUSY_MS = 10_000

/** A store that a running server goes on writing, for removing what it needs no more. */
export interface PruneStore extends Pick<Store, 'write'>, AsyncDisposable {
  readonly read: Pick<Readers, 'trail' | 'deliveries'>
}

/**
 * Opens a store that is known to be there and to be of this version: see openTrailDatabase.
 * @throws StoreUnavailable
 */
export async function openToPrune(kind: Exclude<StoreKind, { kind: 'memory' }>): Promise<PruneStore> {
  if (kind.kind === 'sqlite') return new BesideServer(kind.directory)
  return openStore({ ...kind, clock: systemClock, onProblem() {} })
}

/**
 * A second connection to the file of a server, which holds the directory and does not notice: it remembers nothing of
 * what is old enough to be pruned.
 */
class BesideServer implements PruneStore {
  readonly read: Writers
  readonly #connection: Connection
  readonly #pause = new Int32Array(new SharedArrayBuffer(4))

  constructor(directory: string) {
    this.#connection = new Connection(filesIn(directory).database, {
      // As the server's own: see store/sqlite/database.ts.
      pragmas: ['pragma trusted_schema = off', 'pragma synchronous = full', 'pragma secure_delete = on'],
      busyMs: BUSY_MS,
    })
    this.read = new SqlWriters(new Session(this.#connection), new TrailLane())
  }

  async write<T>(work: (tx: Writers) => Promise<T>): Promise<T> {
    const began = process.hrtime.bigint()
    this.#connection.begin()
    try {
      const value = await work(this.read)
      this.#connection.commit()
      return value
    } catch (error) {
      this.#connection.abandon()
      throw error
    } finally {
      // SQLite's lock is not fair: whoever takes it again at once starves the server, which waits half a second at
      // most. Nothing else runs in this process meanwhile.
      const tookMs = Number(process.hrtime.bigint() - began) / 1e6
      Atomics.wait(this.#pause, 0, 0, 3 * tookMs)
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#connection.close()
  }
}
