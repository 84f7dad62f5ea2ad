import type { Sql } from './sql/sql.ts'
import type { Readers } from './store.ts'

/** A store as it was at one instant, read-only, beside whatever servers go on writing it. */
export interface StoreSnapshot extends AsyncDisposable {
  readonly read: Readers
  /** For what goes table by table rather than by aggregate: a copy, a backup. */
  readonly sql: Sql
}
