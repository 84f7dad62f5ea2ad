import pg from 'pg'
import { TrailLane } from '../../trail/lane.ts'
import type { StoreSnapshot } from '../snapshot.ts'
import { Session } from '../sql/session.ts'
import { SqlWriters } from '../sql/writers.ts'
import { Connection } from './connection.ts'
import { translate } from './failure.ts'
import { ask, askInTurn, connectionOptions } from './pool.ts'

/** One connection in one transaction for as long as it takes: without the limits that calls have. @throws StoreUnavailable */
export async function openPostgresSnapshot(url: string): Promise<StoreSnapshot> {
  const client = new pg.Client(connectionOptions(url))
  // What was being asked for when the connection breaks fails by itself.
  client.on('error', () => {})
  try {
    await client.connect().catch((error) => {
      throw translate(error)
    })
    // Whatever the database's own defaults are.
    await ask(client, 'set statement_timeout = 0; set idle_in_transaction_session_timeout = 0')
    await ask(client, 'begin isolation level repeatable read, read only')
  } catch (error) {
    await client.end()
    throw error
  }
  const sql = new Session(new Connection(askInTurn(client)))
  return {
    sql,
    read: new SqlWriters(sql, new TrailLane()),
    [Symbol.asyncDispose]: () => client.end(),
  }
}
