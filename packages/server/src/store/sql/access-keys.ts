import type { AccessKey, LastUse } from '../principals.ts'
import { type AccessKeyRow, accessKeyOf, GLOBAL, type LastUseRow } from './principal-rows.ts'
import type { Sql } from './sql.ts'

/** Access keys, and when a key or a role was used last. */
export class SqlAccessKeys {
  readonly #sql: Sql

  constructor(sql: Sql) {
    this.#sql = sql
  }

  async accessKey(id: string): Promise<AccessKey | undefined> {
    const row = await this.#sql.row<AccessKeyRow>('select * from iam_access_keys where id = ?', id)
    return row && accessKeyOf(row)
  }

  async accessKeysOf(account: string, ownerId: string): Promise<readonly AccessKey[]> {
    const rows = await this.#sql.rows<AccessKeyRow>(
      'select * from iam_access_keys where account = ? and region = ? and owner_id = ? order by created_at, id',
      account,
      GLOBAL,
      ownerId,
    )
    return rows.map(accessKeyOf)
  }

  async lastUse(account: string, id: string): Promise<LastUse | undefined> {
    const row = await this.#sql.row<LastUseRow>(
      'select * from iam_last_uses where account = ? and region = ? and id = ?',
      account,
      GLOBAL,
      id,
    )
    return row && { at: new Date(row.used_at), region: row.used_region, service: row.used_service }
  }

  async addAccessKey(key: AccessKey): Promise<void> {
    this.#sql.changes('principals')
    await this.#sql.run(
      `insert into iam_access_keys (account, region, id, owner_id, sealed_secret, active, created_at)
       values (?, ?, ?, ?, ?, ?, ?)`,
      key.account,
      GLOBAL,
      key.id,
      key.ownerId,
      key.sealedSecret,
      key.active ? 1 : 0,
      key.createdAt.getTime(),
    )
  }

  async setAccessKeyActive(account: string, id: string, active: boolean): Promise<void> {
    this.#sql.changes('principals')
    await this.#sql.run(
      'update iam_access_keys set active = ? where account = ? and region = ? and id = ?',
      active ? 1 : 0,
      account,
      GLOBAL,
      id,
    )
  }

  async removeAccessKey(account: string, id: string): Promise<void> {
    this.#sql.changes('principals')
    await this.#sql.run(
      'delete from iam_access_keys where account = ? and region = ? and id = ?',
      account,
      GLOBAL,
      id,
    )
    await this.#sql.run(
      'delete from iam_last_uses where account = ? and region = ? and id = ?',
      account,
      GLOBAL,
      id,
    )
  }

  async noteUse(account: string, id: string, { at, region, service }: LastUse): Promise<void> {
    // No decision depends on it, so no cache needs to know.
    await this.#sql.run(
      `insert into iam_last_uses (account, region, id, used_at, used_region, used_service)
       values (?, ?, ?, ?, ?, ?)
       on conflict (account, region, id) do update set
         used_at = excluded.used_at, used_region = excluded.used_region, used_service = excluded.used_service`,
      account,
      GLOBAL,
      id,
      at.getTime(),
      region,
      service,
    )
  }
}
