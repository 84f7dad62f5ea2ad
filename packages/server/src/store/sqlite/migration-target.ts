import type { Applied, MigrationTarget } from '../migrations/runner.ts'
import type { Connection } from './connection.ts'

/** Lets the migration runner work on a connection that nobody else uses yet. */
export function migrationTarget(connection: Connection): MigrationTarget {
  return {
    dialect: { bytes: 'blob', integer: 'integer', text: 'text', end: ' strict', endUpdated: ' strict' },
    prepare: async () => {},
    async transaction(statements) {
      connection.begin()
      try {
        for (const { text, values = [] } of statements) connection.run(text, values)
        connection.commit()
      } catch (error) {
        connection.abandon()
        throw error
      }
    },
    async applied() {
      const made = connection.get<object>(`select 1 from sqlite_schema where name = 'schema_migrations'`, [])
      return made === undefined
        ? undefined
        : connection.all<Applied>('select number, name from schema_migrations', [])
    },
    existing: async (tables) =>
      connection
        .all<{ name: string }>(`select name from sqlite_schema where type = 'table'`, [])
        .map(({ name }) => name)
        .filter((name) => tables.includes(name)),
    // One server at a time has the directory.
    wasOvertaken: () => false,
    notOurs: 'The database file was made by another program.',
  }
}
