import { createHash } from 'node:crypto'
import type { StoreSnapshot } from '../store/snapshot.ts'
import { SqlInstallation } from '../store/sql/installation.ts'
import type { Sql } from '../store/sql/sql.ts'
import { StoreUnavailable } from '../store/unavailable.ts'
import { MoveRefused, readMark, unfinished } from './mark.ts'
import { countOf } from './reading.ts'
import { NEWEST_SCHEMA, type Table, tablesAt } from './tables.ts'

/** A store at one instant, with what a copy or a backup needs to know of it before its rows. */
export interface Source {
  readonly sql: Sql
  readonly schema: number
  readonly tables: readonly (Table & { readonly total: number })[]
  /** The installation's first account. */
  readonly account: string
  readonly checkpoint: { readonly sequence: number; readonly text: string } | undefined
}

/** @throws MoveRefused for a store that is none, is newer than this version, or is itself the target of a move. */
export async function describeSource({ sql, read }: StoreSnapshot): Promise<Source> {
  const schema = await schemaOf(sql)
  if (schema > NEWEST_SCHEMA) {
    throw new MoveRefused(
      `The store was written by a newer Lockstep: it has schema ${schema}, and this one knows ${NEWEST_SCHEMA}.`,
    )
  }
  const mark = await readMark(sql)
  if (mark) throw new MoveRefused(`The store is ${unfinished(mark)}`)
  const account = await new SqlInstallation(sql).fact('account')
  if (account === undefined) throw new MoveRefused('The store is empty: no server has started on it yet.')
  const checkpoint = await read.trail.lastCheckpoint()
  const tables: (Table & { total: number })[] = []
  for (const table of await tablesAt(schema)) tables.push({ ...table, total: await countOf(sql, table) })
  return { sql, schema, tables, account, checkpoint }
}

/**
 * Tells this source at this instant apart from others. Whatever a server does leaves an event, a lane or a
 * checkpoint, and so another count; should anything escape that, the comparison of every row finds it.
 */
export function identityOf({ schema, tables, account, checkpoint }: Source): string {
  const counts = tables.map(({ name, total }) => [name, total])
  return createHash('sha256')
    .update(JSON.stringify({ schema, account, checkpoint: checkpoint?.text ?? null, counts }))
    .digest('hex')
}

async function schemaOf(sql: Sql): Promise<number> {
  try {
    const row = await sql.row<{ number: number | null }>(
      'select max(number) as number from schema_migrations',
    )
    return row?.number ?? 0
  } catch (error) {
    if (error instanceof StoreUnavailable) throw error
    throw new MoveRefused('There is no Lockstep store there.', { cause: error })
  }
}
