import { type Applied, type MigrationTarget, SchemaMismatch } from '../migrations/runner.ts'
import { Connection } from './connection.ts'
import { Conflict, sqlStateOf } from './failure.ts'
import { ask, type Pool } from './pool.ts'
import { prepared } from './statements.ts'

/** What a server needs of the database: `on conflict`, `unnest` of several arrays. */
const OLDEST = 120_000

/** A step may rewrite a table of many million rows, and has all the time it needs. */
const MIGRATION_MS = 24 * 3_600_000

/** SQLSTATEs of an object that exists, or is missing or other than ours. */
const UNDEFINED_TABLE = '42P01'
const UNDEFINED_COLUMN = '42703'
const EXISTS: ReadonlySet<string> = new Set(['42P07', '42701', '42710'])

const NOT_OURS =
  'The database holds tables of somebody else. Give Lockstep a database of its own, or a schema: add ?options=-c%20search_path%3Dlockstep to its address.'

/** Lets the migration runner work on a database that other servers may be using, or bringing forward themselves. */
export function migrationTarget(pool: Pool): MigrationTarget {
  const connection = new Connection((query) => pool.ask(query))
  return {
    dialect: {
      bytes: 'bytea',
      integer: 'bigint',
      text: 'text collate "C"',
      end: '',
      endUpdated: ' with (fillfactor = 80)',
    },
    async prepare() {
      await demandVersion(connection)
    },
    async transaction(statements) {
      const client = await pool.take()
      let failed = true
      try {
        await ask(client, 'begin isolation level serializable')
        await ask(client, 'set local statement_timeout = 0')
        for (const { text, values = [] } of statements) {
          const query = { ...prepared(text, values), query_timeout: MIGRATION_MS }
          await ask(client, query)
        }
        await ask(client, 'commit')
        failed = false
      } finally {
        // Rolls back by ending the connection; none of its statements are worth keeping.
        pool.release(client, failed)
      }
    },
    async applied() {
      try {
        return await connection.all<Applied>('select number, name from schema_migrations', [])
      } catch (error) {
        if (sqlStateOf(error) === UNDEFINED_TABLE) return undefined
        if (sqlStateOf(error) === UNDEFINED_COLUMN) throw new SchemaMismatch(NOT_OURS)
        throw error
      }
    },
    async existing(tables) {
      const rows = await connection.all<{ name: string }>(
        'select table_name as name from information_schema.tables where table_schema = current_schema()',
        [],
      )
      return rows.map(({ name }) => name).filter((name) => tables.includes(name))
    },
    wasOvertaken: (error) => error instanceof Conflict || EXISTS.has(sqlStateOf(error) ?? ''),
    notOurs: NOT_OURS,
  }
}

async function demandVersion(connection: Connection): Promise<void> {
  const row = await connection.get<{ server_version_num: string }>('show server_version_num', [])
  if (Number(row?.server_version_num) >= OLDEST) return
  throw new SchemaMismatch('Lockstep needs PostgreSQL 12 or later.')
}
