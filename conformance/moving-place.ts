/** Where a server's state may be, for tests that move it about: each place is empty until something is moved into it. */

import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import type { Environment } from './loopback.ts'
import type { Postgres } from './postgres.ts'

/** A store on either engine, and the data directory beside it, where the root key is. */
export interface Place {
  readonly engine: 'sqlite' | 'postgres'
  readonly directory: string
  /** As `store copy` takes it. */
  readonly spec: string
  /** What a server and the offline commands need to be told. */
  readonly env: Environment
  /** Every row of every table that is state, as text, by table. Read without a line of Lockstep's own code. */
  content(): Promise<ReadonlyMap<string, readonly string[]>>
  /** Whether the mark of an unfinished move lies there. */
  isUnfinished(): Promise<boolean>
}

const MARK = `select 1 from installation_facts where name = 'moving'`

/** What tells of running servers and not of the state. */
const NOT_STATE = ['schema_migrations', 'servers', 'topic_revisions']

export function sqlitePlace(directory: string): Place {
  return {
    engine: 'sqlite',
    directory,
    spec: `sqlite:${directory}`,
    env: { LOCKSTEP_STORE: 'sqlite' },
    async isUnfinished() {
      try {
        using database = new DatabaseSync(join(directory, 'lockstep.db'), { readOnly: true })
        return database.prepare(MARK).get() !== undefined
      } catch {
        return false // no database yet, or no table in it
      }
    },
    async content() {
      using database = new DatabaseSync(join(directory, 'lockstep.db'), { readOnly: true })
      const tables = database
        .prepare(`select name from sqlite_schema where type = 'table' order by name`)
        .all()
      return await contentOf(
        tables.map(({ name }) => String(name)),
        async (table) => database.prepare(`select * from ${table}`).all(),
      )
    },
  }
}

/** @param name Of a database that does not exist yet. */
export async function postgresPlace(postgres: Postgres, name: string, directory: string): Promise<Place> {
  const url = await postgres.createDatabase(name)
  return {
    engine: 'postgres',
    directory,
    spec: url,
    env: { LOCKSTEP_STORE: url },
    async isUnfinished() {
      try {
        return (await postgres.sql(MARK, { database: name })).length > 0
      } catch {
        return false // no table yet
      }
    },
    async content() {
      const tables = await postgres.sql<{ name: string }>(
        `select table_name as name from information_schema.tables where table_schema = 'public' order by 1`,
        { database: name },
      )
      return await contentOf(
        tables.map((table) => table.name),
        (table) => postgres.sql(`select * from ${table}`, { database: name }),
      )
    },
  }
}

async function contentOf(
  tables: readonly string[],
  rowsOf: (table: string) => Promise<readonly Record<string, unknown>[]>,
): Promise<ReadonlyMap<string, readonly string[]>> {
  const content = new Map<string, readonly string[]>()
  for (const table of tables) {
    if (!NOT_STATE.includes(table)) content.set(table, (await rowsOf(table)).map(textOf).sort())
  }
  return content
}

/** The same for the same row, whichever driver has read it: pg gives a bigint as text. */
function textOf(row: Readonly<Record<string, unknown>>): string {
  const columns = Object.entries(row).sort(([a], [b]) => (a < b ? -1 : 1))
  return columns
    .map(([name, value]) => {
      const text =
        value instanceof Uint8Array
          ? Buffer.from(value).toString('hex')
          : value === null
            ? 'null'
            : `=${value}`
      return `${name} ${text}`
    })
    .join('\n')
}
