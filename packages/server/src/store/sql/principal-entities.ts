import type { Account, Entity, EntityKind, EntityOf, EntityPage, Group, Role, User } from '../principals.ts'
import { type AccountRow, accountOf, type EntityRow, entityOf, GLOBAL } from './principal-rows.ts'
import type { Sql } from './sql.ts'

/** Everything that hangs on an entity, by its id. Access keys go before their user does. */
const REMOVALS = [
  'delete from iam_inline_policies where account = ? and region = ? and owner_id = ?',
  'delete from iam_attachments where account = ? and region = ? and owner_id = ?',
  'delete from iam_memberships where account = ? and region = ? and user_id = ?',
  'delete from iam_memberships where account = ? and region = ? and group_id = ?',
  'delete from iam_policy_versions where account = ? and region = ? and policy_id = ?',
  'delete from iam_last_uses where account = ? and region = ? and id = ?',
  'delete from iam_entities where account = ? and region = ? and id = ?',
] as const

/** Accounts, what has a name in them, and who is in which group. */
export class SqlPrincipalEntities {
  readonly #sql: Sql

  constructor(sql: Sql) {
    this.#sql = sql
  }

  async account(id: string): Promise<Account | undefined> {
    const row = await this.#sql.row<AccountRow>(
      'select * from accounts where account = ? and region = ?',
      id,
      GLOBAL,
    )
    return row && accountOf(row)
  }

  async accountOfAlias(alias: string): Promise<Account | undefined> {
    const row = await this.#sql.row<AccountRow>('select * from accounts where alias = ?', alias)
    return row && accountOf(row)
  }

  async accounts(): Promise<readonly Account[]> {
    const rows = await this.#sql.rows<AccountRow>('select * from accounts order by created_at, account')
    return rows.map(accountOf)
  }

  async find<Kind extends EntityKind>(
    account: string,
    kind: Kind,
    name: string,
  ): Promise<EntityOf<Kind> | undefined> {
    const row = await this.#sql.row<EntityRow>(
      'select * from iam_entities where account = ? and region = ? and kind = ? and name_key = ?',
      account,
      GLOBAL,
      kind,
      name.toLowerCase(),
    )
    return row && entityOf<EntityOf<Kind>>(row)
  }

  async byId(account: string, id: string): Promise<Entity | undefined> {
    const row = await this.#sql.row<EntityRow>(
      'select * from iam_entities where account = ? and region = ? and id = ?',
      account,
      GLOBAL,
      id,
    )
    return row && entityOf<Entity>(row)
  }

  async list<Kind extends EntityKind>(
    account: string,
    kind: Kind,
    { pathPrefix, after, limit }: EntityPage,
  ): Promise<readonly EntityOf<Kind>[]> {
    // The prefix is compared as text, not as a pattern: `_` and `%` are ordinary characters of a path.
    const rows = await this.#sql.rows<EntityRow>(
      `select * from iam_entities
       where account = ? and region = ? and kind = ? and name_key > ? and substr(path, 1, ?) = ?
       order by name_key limit ?`,
      account,
      GLOBAL,
      kind,
      (after ?? '').toLowerCase(),
      pathPrefix.length,
      pathPrefix,
      limit,
    )
    return rows.map((row) => entityOf<EntityOf<Kind>>(row))
  }

  async count(account: string, kind: EntityKind): Promise<number> {
    const row = await this.#sql.row<{ readonly total: number }>(
      'select count(*) as total from iam_entities where account = ? and region = ? and kind = ?',
      account,
      GLOBAL,
      kind,
    )
    return Number(row?.total ?? 0)
  }

  async boundedBy(account: string, policyArn: string): Promise<readonly (User | Role)[]> {
    const rows = await this.#sql.rows<EntityRow>(
      'select * from iam_entities where account = ? and region = ? and boundary_arn = ? order by name_key',
      account,
      GLOBAL,
      policyArn,
    )
    return rows.map((row) => entityOf<User | Role>(row))
  }

  async groupsOf(account: string, userId: string): Promise<readonly Group[]> {
    const rows = await this.#sql.rows<EntityRow>(
      `select e.* from iam_memberships m
       join iam_entities e on e.account = m.account and e.region = m.region and e.id = m.group_id
       where m.account = ? and m.region = ? and m.user_id = ? order by e.name_key`,
      account,
      GLOBAL,
      userId,
    )
    return rows.map((row) => entityOf<Group>(row))
  }

  async membersOf(account: string, groupId: string): Promise<readonly User[]> {
    const rows = await this.#sql.rows<EntityRow>(
      `select e.* from iam_memberships m
       join iam_entities e on e.account = m.account and e.region = m.region and e.id = m.user_id
       where m.account = ? and m.region = ? and m.group_id = ? order by e.name_key`,
      account,
      GLOBAL,
      groupId,
    )
    return rows.map((row) => entityOf<User>(row))
  }

  async addAccount({ id, alias, createdAt }: Account): Promise<void> {
    this.#sql.changes('principals')
    await this.#sql.run(
      'insert into accounts (account, region, alias, created_at) values (?, ?, ?, ?)',
      id,
      GLOBAL,
      alias ?? null,
      createdAt.getTime(),
    )
  }

  async setAlias(account: string, alias: string | undefined): Promise<void> {
    await this.#sql.run(
      'update accounts set alias = ? where account = ? and region = ?',
      alias ?? null,
      account,
      GLOBAL,
    )
  }

  async put(entity: Entity): Promise<void> {
    this.#sql.changes('principals')
    const { account, id, kind, name, path, createdAt, ...body } = entity
    await this.#sql.run(
      `insert into iam_entities
         (account, region, id, kind, name, name_key, path, boundary_arn, created_at, body)
       values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
       on conflict (account, region, id) do update set
         name = excluded.name, name_key = excluded.name_key, path = excluded.path,
         boundary_arn = excluded.boundary_arn, body = excluded.body`,
      account,
      GLOBAL,
      id,
      kind,
      name,
      name.toLowerCase(),
      path,
      'boundaryArn' in entity ? (entity.boundaryArn ?? null) : null,
      createdAt.getTime(),
      JSON.stringify(body),
    )
  }

  async remove(account: string, id: string): Promise<void> {
    this.#sql.changes('principals')
    for (const text of REMOVALS) await this.#sql.run(text, account, GLOBAL, id)
  }

  async addMember(account: string, groupId: string, userId: string): Promise<void> {
    this.#sql.changes('principals')
    await this.#sql.run(
      `insert into iam_memberships (account, region, user_id, group_id) values (?, ?, ?, ?)
       on conflict (account, region, user_id, group_id) do nothing`,
      account,
      GLOBAL,
      userId,
      groupId,
    )
  }

  async removeMember(account: string, groupId: string, userId: string): Promise<boolean> {
    this.#sql.changes('principals')
    const removed = await this.#sql.run(
      'delete from iam_memberships where account = ? and region = ? and user_id = ? and group_id = ?',
      account,
      GLOBAL,
      userId,
      groupId,
    )
    return removed > 0
  }
}
