import type { DesiredRow, DesiredWriter } from '../desired.ts'
import type { Place } from '../store.ts'
import type { Sql } from './sql.ts'

export interface DesiredTables {
  readonly desired_states: StoredRow & { readonly account: string; readonly region: string }
}

interface StoredRow extends DesiredRow {
  readonly node_id: string
}

export class SqlDesired implements DesiredWriter {
  readonly #sql: Sql

  constructor(sql: Sql) {
    this.#sql = sql
  }

  async ofNodes(
    { account, region }: Place,
    ids: readonly string[],
  ): Promise<ReadonlyMap<string, DesiredRow>> {
    if (ids.length === 0) return new Map()
    const rows = await this.#sql.query
      .selectFrom('desired_states')
      .select(['node_id', 'generation', 'digest'])
      .where('account', '=', account)
      .where('region', '=', region)
      .where('node_id', 'in', ids)
      .execute()
    return new Map(rows.map(({ node_id, generation, digest }) => [node_id, { generation, digest }]))
  }

  async note({ account, region }: Place, id: string, digest: string): Promise<number> {
    await this.#sql.run(
      `insert into desired_states (account, region, node_id, generation, digest) values (?, ?, ?, 1, ?)
       on conflict (account, region, node_id) do update
         set generation = desired_states.generation + 1, digest = excluded.digest
         where desired_states.digest <> excluded.digest`,
      ...[account, region, id, digest],
    )
    const row = await this.#sql.row<{ generation: number }>(
      'select generation from desired_states where account = ? and region = ? and node_id = ?',
      ...[account, region, id],
    )
    if (!row) throw new Error('The generation was stored and is not there')
    return row.generation
  }
}
