import { TrailLane } from '../../trail/lane.ts'
import type { StoreSnapshot } from '../snapshot.ts'
import { Session } from '../sql/session.ts'
import { SqlWriters } from '../sql/writers.ts'
import { Connection } from './connection.ts'
import { filesIn } from './files.ts'

/** @throws StoreUnavailable where the directory holds no database, or it cannot be read. */
export function openSqliteSnapshot(directory: string): StoreSnapshot {
  const connection = new Connection(filesIn(directory).database, {
    readOnly: true,
    // One snapshot from the first read to the last.
    pragmas: ['pragma trusted_schema = off', 'begin'],
  })
  const sql = new Session(connection)
  return {
    sql,
    read: new SqlWriters(sql, new TrailLane()),
    [Symbol.asyncDispose]: async () => connection.close(),
  }
}
