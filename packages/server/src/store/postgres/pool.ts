import pg from 'pg'
import { StoreUnavailable } from '../unavailable.ts'
import type { Ask } from './connection.ts'
import { Conflict, ConnectionLost, StalePlan, sqlStateOf, translate } from './failure.ts'

/** A call is refused rather than made to wait longer for a connection. */
const CONNECT_MS = 3000
/** Longer than any statement takes. Below what a silent server has until the others take it for gone. */
const STATEMENT_MS = 10_000
/** A transaction that its server has abandoned half-way gives its locks back before those who wait for them give up. */
const IDLE_IN_TRANSACTION_MS = 4000
const LOCK_MS = 5000
/** A connection whose network is gone says nothing: what it was asked is given up a little after that. */
const ANSWER_MS = 12_000
/** After so much silence the system asks whether the other end is still there, and gives it ten seconds. */
const KEEP_ALIVE_MS = 10_000

const types = new pg.TypeOverrides()
// bigint: lanes, numbers, instants. Beyond 2^53 Lockstep never writes one; SQLite's driver throws the same.
types.setTypeParser(20, (text: string) => {
  const value = Number(text)
  if (!Number.isSafeInteger(value)) throw new RangeError('An integer in the database is beyond 2^53')
  return value
})

/** How every connection is made. @param url As libpq has it; what it leaves out comes from PGPASSWORD and its kin. */
export function connectionOptions(url: string): pg.ClientConfig {
  return {
    connectionString: url,
    application_name: 'lockstep',
    types,
    keepAlive: true,
    keepAliveInitialDelayMillis: KEEP_ALIVE_MS,
    connectionTimeoutMillis: CONNECT_MS,
  }
}

const LIMITS = {
  statement_timeout: STATEMENT_MS,
  lock_timeout: LOCK_MS,
  idle_in_transaction_session_timeout: IDLE_IN_TRANSACTION_MS,
  query_timeout: ANSWER_MS,
} as const

/**
 * A statement alone is a transaction of its own. What a database makes stricter by default would have it fail for
 * others, or take part in their conflicts.
 */
const ALONE = `set default_transaction_isolation = 'read committed'`

/** SQLSTATEs of a setting that this database does not have, does not let us make, or not to this value. */
const UNKNOWN_SETTING = /^(?:0A|22|42|55P02)/

export interface PoolOptions {
  readonly url: string
  readonly connections: number
  /** Run on each new connection. What the database does not know, it may refuse. */
  readonly settings?: readonly string[]
  /** A connection that nobody was using broke. */
  onLost(error: unknown): void
}

/** Connections to one database; one that breaks is replaced when the next is asked for. */
export class Pool {
  readonly #pool: pg.Pool
  readonly #connections: number
  readonly #settings: readonly string[]
  /** Those whose settings were made. */
  readonly #set = new WeakSet<pg.PoolClient>()

  constructor({ url, connections, settings = [], onLost }: PoolOptions) {
    this.#connections = connections
    this.#pool = new pg.Pool({
      ...connectionOptions(url),
      ...LIMITS,
      max: connections,
      // Kept: each has statements prepared, and a lane of the trail.
      idleTimeoutMillis: 0,
    })
    this.#pool.on('error', onLost)
    // From its first moment: an error that nobody listens to ends the process, and one may come at any time. Whoever is
    // waiting for an answer hears of it there; the next query fails.
    this.#pool.on('connect', (client) => client.on('error', ignore))
    this.#settings = [ALONE, ...settings]
  }

  /** One connection for a while. Call `release` once, with `true` where it is of no use any more. */
  async take(): Promise<pg.PoolClient> {
    if (this.#pool.ending) throw new StoreUnavailable('closed')
    try {
      const client = await this.#pool.connect()
      if (!this.#set.has(client)) await this.#prepare(client)
      return client
    } catch (error) {
      throw translate(error)
    }
  }

  async #prepare(client: pg.PoolClient): Promise<void> {
    try {
      for (const setting of this.#settings) await client.query(setting).catch(forgive)
      this.#set.add(client)
    } catch (error) {
      client.release(true)
      throw error
    }
  }

  release(client: pg.PoolClient, broken: boolean): void {
    client.release(broken)
  }

  /**
   * One statement outside a transaction that may run twice: a read, or a change that is the same the second time. It is
   * sent again over another connection where the first turns out to be broken, as all do after the database server was
   * restarted; but not where it was waited for in vain, because the next might take as long.
   */
  async ask<Row extends pg.QueryResultRow>(query: pg.QueryConfig): Promise<pg.QueryResult<Row>> {
    for (let attempt = 1; ; attempt++) {
      const client = await this.take()
      let broken = false
      try {
        return await ask<Row>(client, query)
      } catch (error) {
        broken = error instanceof ConnectionLost || error instanceof StalePlan
        const isSlow = error instanceof ConnectionLost && error.reason === 'slow'
        const isWorthAnother = (broken && !isSlow) || error instanceof Conflict
        if (!isWorthAnother || attempt > this.#connections) throw error
      } finally {
        this.release(client, broken)
      }
    }
  }

  async end(): Promise<void> {
    await this.#pool.end()
  }
}

/** The one place where pg's errors come in. */
export async function ask<Row extends pg.QueryResultRow>(
  client: pg.ClientBase,
  query: pg.QueryConfig | string,
): Promise<pg.QueryResult<Row>> {
  try {
    return await client.query<Row>(query)
  } catch (error) {
    throw translate(error)
  }
}

/** The same over one connection, one after another also where a transaction asks for several things at once. */
export function askInTurn(client: pg.ClientBase): Ask {
  let last: Promise<unknown> = Promise.resolve()
  return <Row extends pg.QueryResultRow>(query: pg.QueryConfig) => {
    const answer = last.then(() => ask<Row>(client, query))
    last = answer.catch(ignore)
    return answer
  }
}

function ignore(): void {}

function forgive(error: unknown): void {
  if (!UNKNOWN_SETTING.test(sqlStateOf(error) ?? '')) throw error
}
