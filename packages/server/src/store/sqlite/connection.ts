import { DatabaseSync, type StatementSync } from 'node:sqlite'
import { type Kysely, SqliteAdapter, SqliteIntrospector, SqliteQueryCompiler } from 'kysely'
import { Recent } from '../../platform/recent.ts'
import { type Executor, kyselyOver } from '../sql/kysely.ts'
import type { SqlConnection } from '../sql/session.ts'
import type { SqlValue } from '../sql/sql.ts'
import type { Tables } from '../sql/tables.ts'
import { StoreUnavailable } from '../unavailable.ts'
import { translate } from './failure.ts'

/** Far above the number of constant texts; only texts built at run time ever push one out. */
const MAX_STATEMENTS = 512

export interface ConnectionOptions {
  /** Run once, in order, before anything else. */
  readonly pragmas?: readonly string[]
  readonly readOnly?: boolean
  /**
   * How long SQLite waits for another program (a backup, a shell) that holds a lock. The wait blocks the
   * whole process, so it is short.
   */
  readonly busyMs?: number
}

const BUSY_MS = 500

/** One SQLite connection with its prepared statements. Synchronous; knows nothing of queues and callers. */
export class Connection implements SqlConnection {
  /** There is one writer: nobody else can change a row meanwhile, or claim it. */
  readonly locking = ''
  readonly claiming = ''
  readonly #database: DatabaseSync
  #statements = new Recent<StatementSync>(MAX_STATEMENTS)
  #begun = false
  #failure: StoreUnavailable | undefined

  constructor(path: string, { pragmas = [], readOnly = false, busyMs = BUSY_MS }: ConnectionOptions = {}) {
    // Defensive: no statement may write to the schema's own table or otherwise damage the file.
    this.#database = guarded(() => new DatabaseSync(path, { readOnly, timeout: busyMs, defensive: true }))
    try {
      for (const pragma of pragmas) this.exec(pragma)
    } catch (error) {
      this.#database.close()
      throw error
    }
  }

  /** What made the present transaction worthless. SQLite may have rolled it back already. */
  get failure(): StoreUnavailable | undefined {
    return this.#failure
  }

  /** Takes the write lock at once, so that a batch never fails half-way for want of it. */
  begin(): void {
    this.run('begin immediate', [])
    this.#begun = true
  }

  /** Answers when everything since {@link begin} is on the disk. Where it throws, nothing is: call {@link abandon}. */
  commit(): void {
    this.run('commit', [])
    this.#begun = false
  }

  /**
   * Ends a transaction without keeping anything of it, and forgets what made it worthless. Does not throw:
   * should the rollback itself fail, the next {@link begin} will say so.
   */
  abandon(): void {
    this.#begun = false
    this.#failure = undefined
    try {
      if (this.#database.isTransaction) this.#database.exec('rollback')
    } catch {}
  }

  query(executor: Executor): Kysely<Tables> {
    return kyselyOver(executor, {
      createAdapter: () => new SqliteAdapter(),
      createIntrospector: (db) => new SqliteIntrospector(db),
      createQueryCompiler: () => new SqliteQueryCompiler(),
    })
  }

  all<Row>(text: string, values: readonly SqlValue[]): readonly Row[] {
    // The row's shape is the query's own statement about its columns.
    return this.#attempt(() => this.#prepare(text).all(...values) as unknown as readonly Row[])
  }

  get<Row>(text: string, values: readonly SqlValue[]): Row | undefined {
    return this.#attempt(() => this.#prepare(text).get(...values) as Row | undefined)
  }

  /** Answers how many rows changed. */
  run(text: string, values: readonly SqlValue[]): number {
    return Number(this.#attempt(() => this.#prepare(text).run(...values)).changes)
  }

  /** For a statement that may answer rows, count changes, or both. */
  execute<Row>(text: string, values: readonly SqlValue[]): { rows: Row[]; changes: number } {
    return this.#attempt(() => {
      const statement = this.#prepare(text)
      if (statement.columns().length === 0)
        return { rows: [], changes: Number(statement.run(...values).changes) }
      const rows = statement.all(...values) as Row[]
      return { rows, changes: rows.length }
    })
  }

  /** Runs a text that is not worth keeping prepared. */
  exec(text: string): void {
    this.#attempt(() => this.#database.exec(text))
  }

  close(): void {
    this.#statements = new Recent(MAX_STATEMENTS)
    this.#database.close()
  }

  #prepare(text: string): StatementSync {
    const known = this.#statements.get(text)
    if (known) return known
    const statement = this.#database.prepare(text)
    this.#statements.set(text, statement)
    return statement
  }

  /**
   * After a full disk or an I/O error SQLite rolls the whole transaction back by itself, and the next
   * statement would commit on its own. So nothing runs any more until {@link abandon}.
   */
  #attempt<T>(act: () => T): T {
    if (this.#failure) throw this.#failure
    try {
      return guarded(act)
    } catch (error) {
      if (this.#begun && error instanceof StoreUnavailable) this.#failure = error
      throw error
    }
  }
}

function guarded<T>(act: () => T): T {
  try {
    return act()
  } catch (error) {
    throw translate(error)
  }
}
