import {
  type CompiledQuery,
  type DatabaseConnection,
  type Dialect,
  type Driver,
  Kysely,
  type QueryResult,
} from 'kysely'
import type { SqlValue } from './sql.ts'
import type { Tables } from './tables.ts'

/** What Kysely needs of a connection. */
export interface Executor {
  execute<Row>(text: string, values: readonly SqlValue[]): Promise<{ rows: Row[]; changes: number }>
}

/** Kysely over `executor`, so that queries built at run time and constant texts share one connection. */
export function kyselyOver(executor: Executor, dialect: Omit<Dialect, 'createDriver'>): Kysely<Tables> {
  return new Kysely<Tables>({ dialect: { ...dialect, createDriver: () => driverOver(executor) } })
}

function driverOver(executor: Executor): Driver {
  const connection: DatabaseConnection = {
    async executeQuery<Row>({ sql, parameters }: CompiledQuery): Promise<QueryResult<Row>> {
      // Kysely types parameters as unknown; the tables' column types allow nothing but SqlValue.
      const { rows, changes } = await executor.execute<Row>(sql, parameters as readonly SqlValue[])
      return { rows, numAffectedRows: BigInt(changes) }
    },
    streamQuery() {
      throw new Error('Queries are not streamed')
    },
  }
  // Transactions belong to the store: one begun here would end the batch that others share.
  const refuse = async () => {
    throw new Error("Kysely's own transactions are not used: see Store.write")
  }
  return {
    init: async () => {},
    acquireConnection: async () => connection,
    releaseConnection: async () => {},
    beginTransaction: refuse,
    commitTransaction: refuse,
    rollbackTransaction: refuse,
    destroy: async () => {},
  }
}
