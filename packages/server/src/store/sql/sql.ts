import type { Kysely } from 'kysely'
import type { Tables } from './tables.ts'

/** What both engines store: text, numbers (instants are milliseconds since 1970), bytes, or nothing. */
export type SqlValue = string | number | Uint8Array | null

/** What other caches follow: a topic's revision grows whenever a commit changed something of it. */
export type Topic = 'principals' | 'keys' | 'rules'

/**
 * One connection as the queries see it: outside a transaction for reads, inside one for writes.
 * `text` is a constant with `?` for each value, so that an engine can prepare it once and keep it.
 */
export interface Sql {
  /** For queries that are built at run time. Costs about 20 microseconds more than a constant text. */
  readonly query: Kysely<Tables>
  rows<Row>(text: string, ...values: readonly SqlValue[]): Promise<readonly Row[]>
  row<Row>(text: string, ...values: readonly SqlValue[]): Promise<Row | undefined>
  /** Runs a change and answers how many rows it touched. */
  run(text: string, ...values: readonly SqlValue[]): Promise<number>
  /**
   * Throws where this transaction has ended. For what must not happen in memory unless the row that goes with it
   * can still be written.
   */
  demandOpen(): void
  /** What ends a `select` of a row that this transaction is about to decide upon: others wait for it. */
  readonly locking: '' | ' for update'
  /** What ends a `select` of rows that this transaction claims for itself; others pass them over. */
  readonly claiming: '' | ' for update skip locked'
  /** Says that this transaction changes something of `topic`; counts when it commits. */
  changes(topic: Topic): void
}
