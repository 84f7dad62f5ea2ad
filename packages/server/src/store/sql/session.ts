import type { Kysely } from 'kysely'
import type { Executor } from './kysely.ts'
import type { Sql, SqlValue, Topic } from './sql.ts'
import type { Tables } from './tables.ts'

/** What an engine's connection does, at once or in its own time. */
export interface SqlConnection {
  /** Kysely in the engine's dialect, over `executor`. */
  query(executor: Executor): Kysely<Tables>
  all<Row>(text: string, values: readonly SqlValue[]): readonly Row[] | Promise<readonly Row[]>
  get<Row>(text: string, values: readonly SqlValue[]): Row | undefined | Promise<Row | undefined>
  run(text: string, values: readonly SqlValue[]): number | Promise<number>
  execute<Row>(
    text: string,
    values: readonly SqlValue[],
  ): { rows: Row[]; changes: number } | Promise<{ rows: Row[]; changes: number }>
  readonly locking: Sql['locking']
  readonly claiming: Sql['claiming']
}

/** Whoever must wait before the connection may be read; nothing where it may be read now. */
export type Gate = () => Promise<void> | undefined

const open: Gate = () => undefined

/** A connection as one holder sees it: the readers' for good, a transaction's until it ends. */
export class Session implements Sql, Executor {
  readonly #connection: SqlConnection
  readonly #gate: Gate
  readonly #topics = new Set<Topic>()
  #query: Kysely<Tables> | undefined
  #ended = false

  constructor(connection: SqlConnection, gate: Gate = open) {
    this.#connection = connection
    this.#gate = gate
  }

  /** What the holder said it changed. */
  get topics(): ReadonlySet<Topic> {
    return this.#topics
  }

  get query(): Kysely<Tables> {
    this.#query ??= this.#connection.query(this)
    return this.#query
  }

  get locking(): Sql['locking'] {
    return this.#connection.locking
  }

  get claiming(): Sql['claiming'] {
    return this.#connection.claiming
  }

  async rows<Row>(text: string, ...values: readonly SqlValue[]): Promise<readonly Row[]> {
    const connection = this.#use() ?? (await this.#waited())
    return connection.all<Row>(text, values)
  }

  async row<Row>(text: string, ...values: readonly SqlValue[]): Promise<Row | undefined> {
    const connection = this.#use() ?? (await this.#waited())
    return connection.get<Row>(text, values)
  }

  async run(text: string, ...values: readonly SqlValue[]): Promise<number> {
    const connection = this.#use() ?? (await this.#waited())
    return connection.run(text, values)
  }

  async execute<Row>(text: string, values: readonly SqlValue[]): Promise<{ rows: Row[]; changes: number }> {
    const connection = this.#use() ?? (await this.#waited())
    return connection.execute<Row>(text, values)
  }

  changes(topic: Topic): void {
    this.#topics.add(topic)
  }

  /**
   * From now on every use throws. A work that was given up, or that forgot to await a part of itself,
   * would otherwise write into the transaction of whoever comes next.
   */
  end(): void {
    this.#ended = true
  }

  demandOpen(): void {
    if (this.#ended) throw new Error('This transaction has ended: something in it was not awaited')
  }

  #use(): SqlConnection | undefined {
    this.demandOpen()
    return this.#gate() ? undefined : this.#connection
  }

  async #waited(): Promise<SqlConnection> {
    for (let wait = this.#gate(); wait; wait = this.#gate()) await wait
    return this.#connection
  }
}
