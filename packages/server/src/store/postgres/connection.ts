import { type Kysely, PostgresAdapter, PostgresIntrospector, PostgresQueryCompiler } from 'kysely'
import type { QueryConfig, QueryResult, QueryResultRow } from 'pg'
import { type Executor, kyselyOver } from '../sql/kysely.ts'
import type { SqlConnection } from '../sql/session.ts'
import type { Sql, SqlValue } from '../sql/sql.ts'
import type { Tables } from '../sql/tables.ts'
import { prepared } from './statements.ts'

/** Sends a statement and answers what came back: over one connection, or whichever of a pool is free. */
export type Ask = <Row extends QueryResultRow>(query: QueryConfig) => Promise<QueryResult<Row>>

/** Statements over {@link Ask}. Errors pass as pg threw them: who holds the connection knows what they mean. */
export class Connection implements SqlConnection {
  readonly locking: Sql['locking']
  readonly claiming: Sql['claiming']
  readonly #ask: Ask

  /** @param use Those that read outside a transaction lock nothing. */
  constructor(ask: Ask, use: 'reads' | 'writes' = 'reads') {
    this.#ask = ask
    this.locking = use === 'writes' ? ' for update' : ''
    this.claiming = use === 'writes' ? ' for update skip locked' : ''
  }

  query(executor: Executor): Kysely<Tables> {
    return kyselyOver(executor, {
      createAdapter: () => new PostgresAdapter(),
      createIntrospector: (db) => new PostgresIntrospector(db),
      createQueryCompiler: () => new PostgresQueryCompiler(),
    })
  }

  /** For a statement of this engine alone, whose values may be arrays. */
  async send<Row extends QueryResultRow>(text: string, values: readonly unknown[]): Promise<readonly Row[]> {
    return (await this.#ask<Row>(prepared(text, values))).rows
  }

  async all<Row>(text: string, values: readonly SqlValue[]): Promise<readonly Row[]> {
    const { rows } = await this.#ask(prepared(text, values))
    // The row's shape is the query's own statement about its columns.
    return rows as unknown as readonly Row[]
  }

  async get<Row>(text: string, values: readonly SqlValue[]): Promise<Row | undefined> {
    const [row] = await this.all<Row>(text, values)
    return row
  }

  async run(text: string, values: readonly SqlValue[]): Promise<number> {
    return (await this.#ask(prepared(text, values))).rowCount ?? 0
  }

  /** For texts that were built at run time: not kept prepared. Kysely has numbered the values already. */
  async execute<Row>(text: string, values: readonly SqlValue[]): Promise<{ rows: Row[]; changes: number }> {
    const { rows, rowCount } = await this.#ask({ text, values: [...values] })
    return { rows: rows as unknown as Row[], changes: rowCount ?? 0 }
  }
}
