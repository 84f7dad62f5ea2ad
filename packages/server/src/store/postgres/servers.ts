import type { Connection } from './connection.ts'

/** A server that has not said for this long that it lives is taken for gone, whoever looks. */
const SILENT_MS = 60_000

/**
 * What was begun by a server that is gone may still commit for so long: less than a statement and an idle
 * transaction take to be ended by the database (pool.ts).
 */
const LINGER_MS = 60_000

/** Milliseconds since 1970 by the database's clock, the one clock that all servers share. */
const DATABASE_NOW = `cast(floor(extract(epoch from clock_timestamp()) * 1000) as bigint)`

const OURS = `account = '' and region = ''`

/** One row where the server with this id may write events now. Stricter by half than what {@link openLanes} believes. */
export const LIVING = `select id from servers where ${OURS} and id = ? and ended_at is null
  and seen_at > ${DATABASE_NOW} - ${SILENT_MS / 2}`

/** Which servers live, told by the database's own clock, so that a server's wrong clock misleads nobody. */
export class Servers {
  readonly #connection: Connection

  constructor(connection: Connection) {
    this.#connection = connection
  }

  async add(id: string): Promise<void> {
    await this.#connection.run(
      `insert into servers (account, region, id, seen_at) values ('', '', ?, ${DATABASE_NOW})`,
      [id],
    )
  }

  /** Says that the server lives. Answers the database's time; nothing where the others have taken it for gone. */
  async seen(id: string): Promise<number | undefined> {
    const row = await this.#connection.get<{ seen_at: number }>(
      `update servers set seen_at = ${DATABASE_NOW} where ${OURS} and id = ? and ended_at is null
       returning seen_at`,
      [id],
    )
    return row?.seen_at
  }

  async now(): Promise<number> {
    const row = await this.#connection.get<{ now: number }>(`select ${DATABASE_NOW} as now`, [])
    return row?.now ?? 0
  }

  async end(id: string): Promise<void> {
    await this.#connection.run(
      `update servers set ended_at = ${DATABASE_NOW} where ${OURS} and id = ? and ended_at is null`,
      [id],
    )
  }

  /**
   * The lanes that may still grow. First takes for gone who has been silent for too long; a lane is closed only
   * a while after that, when nothing that its server began can commit any more.
   */
  async openLanes(): Promise<ReadonlySet<number>> {
    await this.#connection.run(
      `update servers set ended_at = ${DATABASE_NOW}
       where ${OURS} and ended_at is null and seen_at < ${DATABASE_NOW} - ${SILENT_MS}`,
      [],
    )
    const rows = await this.#connection.all<{ lane: number }>(
      `select lane from trail_lanes where ${OURS} and server_id in (
         select id from servers where ${OURS} and (ended_at is null or ended_at > ${DATABASE_NOW} - ${LINGER_MS}))`,
      [],
    )
    return new Set(rows.map(({ lane }) => lane))
  }

  /** Forgets servers that ended so long ago that nobody asks for their lanes any more. */
  async forgetOld(): Promise<void> {
    await this.#connection.run(
      `delete from servers where ${OURS} and ended_at < ${DATABASE_NOW} - ${24 * 60 * SILENT_MS}`,
      [],
    )
  }
}
