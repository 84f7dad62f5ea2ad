import type { Clock } from '../platform/clock.ts'
import { Session } from '../store/sql/session.ts'
import { openDirectory } from '../store/sqlite/database.ts'
import { migrationTarget } from '../store/sqlite/migration-target.ts'
import type { Target } from './target.ts'

/** Takes the directory as a server would: none can start on it meanwhile. */
export function openSqliteTarget(directory: string, clock: Clock): Target {
  const database = openDirectory(directory, { clock, onProblem() {} })
  const { writer } = database
  return {
    sql: new Session(writer),
    migrations: migrationTarget(writer),
    async tables() {
      const rows = writer.all<{ name: string }>(`select name from sqlite_schema where type = 'table'`, [])
      return new Set(rows.map(({ name }) => name))
    },
    async transaction(work) {
      writer.begin()
      try {
        await work()
        database.check()
        writer.commit()
      } catch (error) {
        writer.abandon()
        throw error
      }
    },
    [Symbol.asyncDispose]: async () => database.close(),
  }
}
