import type { Clock } from '../platform/clock.ts'
import { type Random, systemRandom } from '../platform/random.ts'
import { systemTimer, type Timer } from '../platform/timer.ts'
import { openPostgresSnapshot } from './postgres/postgres-snapshot.ts'
import { type PostgresOptions, PostgresStore } from './postgres/postgres-store.ts'
import type { StoreSnapshot } from './snapshot.ts'
import { openSqliteSnapshot } from './sqlite/sqlite-snapshot.ts'
import { SqliteStore } from './sqlite/sqlite-store.ts'
import type { Store } from './store.ts'

/** Which engine keeps the data, and where. */
export type StoreKind =
  | { readonly kind: 'sqlite'; readonly directory: string }
  /** The same engine without a disk, for tests: gone when closed. */
  | { readonly kind: 'memory' }
  /** @see https://www.postgresql.org/docs/current/libpq-connect.html#LIBPQ-CONNSTRING-URIS */
  | ({ readonly kind: 'postgres' } & PostgresOptions)

/** What an engine uses of the world besides its files. */
export interface StoreDoors {
  readonly clock: Clock
  readonly timer: Timer
  readonly random: Random
  /** An event name and its fields, for the log. */
  onProblem(event: string, fields: Readonly<Record<string, unknown>>): void
}

export type StoreOptions = StoreKind &
  Omit<StoreDoors, 'timer' | 'random'> & { readonly timer?: Timer; readonly random?: Random }

/**
 * Opens the store and brings its schema forward. It can be read and written at once; events can be
 * recorded once its trail is open: see {@link Store.openTrail}.
 *
 * @throws DirectoryInUse where another server has it open; SchemaMismatch where a newer version wrote it;
 * StoreUnavailable where the disk or the database refuses.
 */
export function openStore(options: StoreOptions): Promise<Store> {
  const doors = { timer: systemTimer, random: systemRandom, ...options }
  return options.kind === 'postgres' ? PostgresStore.open(options, doors) : SqliteStore.open(options, doors)
}

/**
 * Looks at a store without changing it, beside running servers or without one.
 * @throws StoreUnavailable where there is none, or it cannot be read.
 */
export async function openSnapshot(kind: Exclude<StoreKind, { kind: 'memory' }>): Promise<StoreSnapshot> {
  return kind.kind === 'postgres' ? openPostgresSnapshot(kind.url) : openSqliteSnapshot(kind.directory)
}
