import type { Expression, ExpressionBuilder, SqlBool } from 'kysely'
import { replicationJob } from '../replication.ts'
import type {
  Replica,
  SealedValue,
  Secret,
  SecretOrder,
  SecretPosition,
  SecretQuery,
  SecretVersion,
  SecretWriter,
  VersionListing,
} from '../secrets.ts'
import type { Place } from '../store.ts'
import { SqlJobs } from './jobs.ts'
import {
  changeable,
  encodeReplicas,
  type ListedVersion,
  listingOf,
  NO_POLICY,
  type SecretRow,
  type StoredVersion,
  secretOf,
  storedValue,
  type VersionRow,
  versionOf,
} from './secret-rows.ts'
import type { Sql } from './sql.ts'
import type { Tables } from './tables.ts'

/** How {@link SecretTables} look to Kysely. Instants are milliseconds since 1970; 0 is never. */
export interface SecretTables {
  secrets: SecretRow
  secret_versions: StoredVersion
}

const LISTED = [
  'account',
  'region',
  'name',
  'arn',
  'description',
  'kms_key_id',
  'kms_key_arn',
  'labels',
  'tags',
  'rotation',
  'replicas',
  'primary_region',
  'created_at',
  'changed_at',
  'accessed_at',
  'deleted_at',
  'purge_at',
] as const
const SELECT_SECRET = `select ${LISTED.join(', ')}, policy, policy_bound, policy_principals
  from secrets where account = ? and region = ?`
const BY_NAME = `${SELECT_SECRET} and name = ?`
const BY_ARN = `${SELECT_SECRET} and arn = ?`
const ONE_SECRET = 'where account = ? and region = ? and arn = ?'
const ONE_VERSION = `${ONE_SECRET} and version_id = ?`

const LISTED_VERSION = 'version_id, kind, kms_key_arn, created_at, accessed_at'

const COLUMN = {
  name: 'name',
  createdAt: 'created_at',
  changedAt: 'changed_at',
  accessedAt: 'accessed_at',
} as const satisfies Record<SecretOrder, keyof SecretRow>

// Above every character that a name may have.
const PAST_ANY_NAME = '\u{ffff}'

export class SqlSecrets implements SecretWriter {
  readonly #sql: Sql

  constructor(sql: Sql) {
    this.#sql = sql
  }

  async byName({ account, region }: Place, name: string): Promise<Secret | undefined> {
    const row = await this.#sql.row<SecretRow>(BY_NAME + this.#sql.locking, account, region, name)
    return row && secretOf(row)
  }

  async byArn({ account, region }: Place, arn: string): Promise<Secret | undefined> {
    const row = await this.#sql.row<SecretRow>(BY_ARN + this.#sql.locking, account, region, arn)
    return row && secretOf(row)
  }

  async version({ account, region }: Place, arn: string, id: string): Promise<SecretVersion | undefined> {
    const row = await this.#sql.row<VersionRow>(
      `select ${LISTED_VERSION}, sealed, wrapped_key from secret_versions ${ONE_VERSION}`,
      account,
      region,
      arn,
      id,
    )
    return row && versionOf(row)
  }

  async versions({ account, region }: Place, arn: string): Promise<readonly VersionListing[]> {
    const rows = await this.#sql.rows<ListedVersion>(
      `select ${LISTED_VERSION} from secret_versions ${ONE_SECRET} order by created_at desc, version_id`,
      account,
      region,
      arn,
    )
    return rows.map(listingOf)
  }

  async list({ account, region }: Place, now: Date, query: SecretQuery): Promise<readonly Secret[]> {
    const { after, namePrefixes } = query
    const direction = query.descending ? 'desc' : 'asc'
    let rows = this.#sql.query
      .selectFrom('secrets')
      .select(LISTED)
      .where('account', '=', account)
      .where('region', '=', region)
      .orderBy(COLUMN[query.order], direction)
      .limit(query.limit)
    if (query.order !== 'name') rows = rows.orderBy('name', direction)
    if (after) rows = rows.where((eb) => comesAfter(eb, query, after))
    if (namePrefixes) rows = rows.where((eb) => eb.or(namePrefixes.map((prefix) => beginsWith(eb, prefix))))
    rows = query.includeDeleted
      ? rows.where((eb) => eb.or([eb('purge_at', 'is', null), eb('purge_at', '>', now.getTime())]))
      : rows.where('deleted_at', 'is', null)
    return (await rows.execute()).map((row) => secretOf({ ...row, ...NO_POLICY }))
  }

  async insert(secret: Secret): Promise<void> {
    await this.#sql.run(
      `insert into secrets (description, kms_key_id, kms_key_arn, labels, tags, policy, policy_bound,
         policy_principals, rotation, replicas, primary_region, changed_at, deleted_at, purge_at, account, region, arn, name, created_at,
         accessed_at)
       values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
      ...changeable(secret),
      ...keyOf(secret, secret.arn),
      secret.name,
      secret.createdAt.getTime(),
      secret.accessedAt?.getTime() ?? 0,
    )
    await this.#queueReplication(secret)
  }

  async update(secret: Secret): Promise<void> {
    await this.#sql.run(
      `update secrets set description = ?, kms_key_id = ?, kms_key_arn = ?, labels = ?, tags = ?, policy = ?,
         policy_bound = ?, policy_principals = ?, rotation = ?, replicas = ?, primary_region = ?, changed_at = ?, deleted_at = ?, purge_at = ?
       ${ONE_SECRET}`,
      ...changeable(secret),
      ...keyOf(secret, secret.arn),
    )
    await this.#queueReplication(secret)
  }

  async setReplicas(place: Place, arn: string, replicas: readonly Replica[]): Promise<void> {
    await this.#sql.run(
      `update secrets set replicas = ? ${ONE_SECRET}`,
      encodeReplicas(replicas),
      ...keyOf(place, arn),
    )
  }

  async #queueReplication(secret: Secret): Promise<void> {
    const jobs = new SqlJobs(this.#sql)
    for (const { region } of secret.replicas ?? [])
      await jobs.queue(replicationJob(secret, region, secret.changedAt))
  }

  async addVersion(place: Place, arn: string, version: SecretVersion): Promise<void> {
    await this.#sql.run(
      `insert into secret_versions (kind, sealed, wrapped_key, kms_key_arn, account, region, arn, version_id,
         created_at, accessed_at)
       values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
      ...storedValue(version.value),
      ...keyOf(place, arn),
      version.id,
      version.createdAt.getTime(),
      version.accessedAt?.getTime() ?? 0,
    )
  }

  async setValue(place: Place, arn: string, versionId: string, value: SealedValue): Promise<void> {
    await this.#sql.run(
      `update secret_versions set kind = ?, sealed = ?, wrapped_key = ?, kms_key_arn = ? ${ONE_VERSION}`,
      ...storedValue(value),
      ...keyOf(place, arn),
      versionId,
    )
  }

  async removeVersion(place: Place, arn: string, versionId: string): Promise<void> {
    await this.#sql.run(`delete from secret_versions ${ONE_VERSION}`, ...keyOf(place, arn), versionId)
  }

  async remove(place: Place, arn: string): Promise<void> {
    await this.#sql.run(`delete from secret_versions ${ONE_SECRET}`, ...keyOf(place, arn))
    await this.#sql.run(`delete from secrets ${ONE_SECRET}`, ...keyOf(place, arn))
  }

  async purge(place: Place, arn: string, now: Date): Promise<boolean> {
    const removed = await this.#sql.run(
      `delete from secrets ${ONE_SECRET} and purge_at <= ?`,
      ...keyOf(place, arn),
      now.getTime(),
    )
    if (removed === 0) return false
    await this.#sql.run(`delete from secret_versions ${ONE_SECRET}`, ...keyOf(place, arn))
    return true
  }

  async touch(place: Place, arn: string, versionId: string, day: Date): Promise<void> {
    const at = day.getTime()
    await this.#sql.run(
      `update secrets set accessed_at = ? ${ONE_SECRET} and accessed_at < ?`,
      at,
      ...keyOf(place, arn),
      at,
    )
    await this.#sql.run(
      `update secret_versions set accessed_at = ? ${ONE_VERSION} and accessed_at < ?`,
      at,
      ...keyOf(place, arn),
      versionId,
      at,
    )
  }
}

function keyOf({ account, region }: Place, arn: string): readonly [string, string, string] {
  return [account, region, arn]
}

function comesAfter(
  eb: ExpressionBuilder<Tables, 'secrets'>,
  { order, descending }: SecretQuery,
  { name, at }: SecretPosition,
): Expression<SqlBool> {
  const beyond = descending ? '<' : '>'
  if (order === 'name') return eb('name', beyond, name)
  const column = COLUMN[order]
  return eb.or([eb(column, beyond, at), eb.and([eb(column, '=', at), eb('name', beyond, name)])])
}

function beginsWith(eb: ExpressionBuilder<Tables, 'secrets'>, prefix: string): Expression<SqlBool> {
  return eb.and([eb('name', '>=', prefix), eb('name', '<', prefix + PAST_ANY_NAME)])
}
