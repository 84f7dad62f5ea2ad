import pg from 'pg'
import { Connection } from '../store/postgres/connection.ts'
import { translate } from '../store/postgres/failure.ts'
import { migrationTarget } from '../store/postgres/migration-target.ts'
import { ask, connectionOptions, Pool } from '../store/postgres/pool.ts'
import { Session } from '../store/sql/session.ts'
import type { Target } from './target.ts'

/** One connection without the limits that calls have, and one for the migrations. */
export async function openPostgresTarget(url: string): Promise<Target> {
  const client = new pg.Client(connectionOptions(url))
  // What was being asked for when the connection breaks fails by itself.
  client.on('error', () => {})
  try {
    await client.connect()
  } catch (error) {
    throw translate(error)
  }
  const pool = new Pool({ url, connections: 1, onLost() {} })
  const sql = new Session(new Connection((query) => ask(client, query)))
  return {
    sql,
    migrations: migrationTarget(pool),
    async tables() {
      const rows = await sql.rows<{ table_name: string }>(
        'select table_name from information_schema.tables where table_schema = current_schema()',
      )
      return new Set(rows.map(({ table_name }) => table_name))
    },
    async transaction(work) {
      await ask(client, 'begin')
      try {
        await work()
        await ask(client, 'commit')
      } catch (error) {
        // On a connection that is gone there is nothing to take back, and the first error is the one to tell.
        await ask(client, 'rollback').catch(() => {})
        throw error
      }
    },
    async [Symbol.asyncDispose]() {
      await pool.end()
      await client.end()
    },
  }
}
