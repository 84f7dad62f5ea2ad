import type { Clock } from '../platform/clock.ts'
import type { MigrationTarget } from '../store/migrations/runner.ts'
import type { StoreKind } from '../store/open.ts'
import type { Sql } from '../store/sql/sql.ts'
import { openPostgresTarget } from './postgres-target.ts'
import { openSqliteTarget } from './sqlite-target.ts'

/** A store that lasts: what moves from and to. */
export type LastingStore = Exclude<StoreKind, { kind: 'memory' }>

/** A store that rows are put into, over one connection, with no server on it. */
export interface Target extends AsyncDisposable {
  readonly sql: Sql
  readonly migrations: MigrationTarget
  /** The names of the tables that are there, Lockstep's and others. */
  tables(): Promise<ReadonlySet<string>>
  /** Runs `work`, which uses {@link sql}, as one durable transaction. A throw leaves nothing of it. */
  transaction(work: () => Promise<void>): Promise<void>
}

/**
 * Opens a store to put rows into, making the directory where there is none; its tables are as they were.
 * @throws DirectoryInUse where a server has it; StoreUnavailable
 */
export async function openTarget(store: LastingStore, clock: Clock): Promise<Target> {
  return store.kind === 'postgres' ? openPostgresTarget(store.url) : openSqliteTarget(store.directory, clock)
}
