import type { FunctionCode, FunctionRecord, FunctionWriter } from '../functions.ts'
import type { Place } from '../store.ts'
import type { Sql, SqlValue } from './sql.ts'

export interface FunctionTables {
  functions: FunctionRow
  function_zip_parts: ZipPartRow
}

interface FunctionRow {
  account: string
  region: string
  name: string
  arn: string
  description: string
  runtime: string
  handler: string
  role_arn: string
  timeout_seconds: number
  memory_mb: number
  sealed_environment: Uint8Array | null
  code_kind: string
  code_sha256: string | null
  code_size_bytes: number | null
  code_path: string | null
  policy: string | null
  policy_bound: string | null
  policy_principals: string | null
  tags: string | null
  revision_id: string
  created_at: number
  modified_at: number
}

interface ZipPartRow {
  account: string
  region: string
  name: string
  part: number
  bytes: Uint8Array
}

/** As large as the largest value of a secret, so that a page of rows is no larger than a page of those. */
const ZIP_PART_BYTES = 64 * 1024

const OF_FUNCTION = 'where account = ? and region = ? and name = ?'

function at({ account, region }: Place, name: string): [string, string, string] {
  return [account, region, name]
}

export class SqlFunctions implements FunctionWriter {
  readonly #sql: Sql

  constructor(sql: Sql) {
    this.#sql = sql
  }

  async byName(place: Place, name: string): Promise<FunctionRecord | undefined> {
    const text = `select * from functions ${OF_FUNCTION}${this.#sql.locking}`
    const row = await this.#sql.row<FunctionRow>(text, ...at(place, name))
    return row && decode(row)
  }

  async list(place: Place, after: string | undefined, limit: number): Promise<readonly FunctionRecord[]> {
    const text = 'select * from functions where account = ? and region = ? and name > ? order by name limit ?'
    const rows = await this.#sql.rows<FunctionRow>(text, ...at(place, after ?? ''), limit)
    return rows.map(decode)
  }

  async zip(place: Place, name: string): Promise<Uint8Array | undefined> {
    // One statement, so that no part is another zip's.
    const text = `select bytes from function_zip_parts ${OF_FUNCTION} order by part`
    const parts = await this.#sql.rows<Pick<ZipPartRow, 'bytes'>>(text, ...at(place, name))
    return parts.length === 0 ? undefined : Buffer.concat(parts.map(({ bytes }) => bytes))
  }

  async insert(record: FunctionRecord, zip?: Uint8Array): Promise<void> {
    await this.#sql.run(
      `insert into functions (account, region, name, arn, created_at, description, runtime, handler, role_arn,
         timeout_seconds, memory_mb, sealed_environment, code_kind, code_sha256, code_size_bytes, code_path,
         policy, policy_bound, policy_principals, tags, revision_id, modified_at)
       values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
      ...[...at(record, record.name), record.arn, record.createdAt.getTime()],
      ...changeable(record),
    )
    if (zip) await this.#insertZip(record, zip)
  }

  async update(record: FunctionRecord, zip?: Uint8Array): Promise<void> {
    await this.#sql.run(
      `update functions set description = ?, runtime = ?, handler = ?, role_arn = ?, timeout_seconds = ?,
         memory_mb = ?, sealed_environment = ?, code_kind = ?, code_sha256 = ?, code_size_bytes = ?,
         code_path = ?, policy = ?, policy_bound = ?, policy_principals = ?, tags = ?, revision_id = ?,
         modified_at = ?
       ${OF_FUNCTION}`,
      ...changeable(record),
      ...at(record, record.name),
    )
    if (zip || record.code.kind !== 'zip') await this.#removeZip(record, record.name)
    if (zip) await this.#insertZip(record, zip)
  }

  async remove(place: Place, name: string): Promise<void> {
    await this.#sql.run(`delete from functions ${OF_FUNCTION}`, ...at(place, name))
    await this.#removeZip(place, name)
  }

  async #insertZip(record: FunctionRecord, zip: Uint8Array): Promise<void> {
    const text = `insert into function_zip_parts (account, region, name, part, bytes) values (?, ?, ?, ?, ?)`
    for (let from = 0; from < zip.length; from += ZIP_PART_BYTES) {
      const part = from / ZIP_PART_BYTES
      await this.#sql.run(text, ...at(record, record.name), part, zip.subarray(from, from + ZIP_PART_BYTES))
    }
  }

  async #removeZip(place: Place, name: string): Promise<void> {
    await this.#sql.run(`delete from function_zip_parts ${OF_FUNCTION}`, ...at(place, name))
  }
}

/** What {@link SqlFunctions.update} may change, in the order of its columns. */
function changeable(record: FunctionRecord): SqlValue[] {
  const { description, runtime, handler, roleArn, timeoutSeconds, memoryMb, policy, tags } = record
  return [
    ...[description, runtime, handler, roleArn, timeoutSeconds, memoryMb, record.sealedEnvironment ?? null],
    ...codeColumns(record.code),
    ...[policy?.document ?? null, policy?.bound ?? null, policy ? JSON.stringify(policy.principals) : null],
    ...[tags ? JSON.stringify(tags) : null, record.revisionId, record.modifiedAt.getTime()],
  ]
}

/** Kind, digest, size and path. */
function codeColumns(code: FunctionCode): SqlValue[] {
  switch (code.kind) {
    case 'zip':
      return [code.kind, code.sha256, code.sizeBytes, null]
    case 'directory':
      return [code.kind, null, null, code.path]
    case 'built-in':
      throw new Error('Built-in functions are not stored')
  }
}

function decode(row: FunctionRow): FunctionRecord {
  return {
    account: row.account,
    region: row.region,
    name: row.name,
    arn: row.arn,
    description: row.description,
    runtime: row.runtime,
    handler: row.handler,
    roleArn: row.role_arn,
    timeoutSeconds: row.timeout_seconds,
    memoryMb: row.memory_mb,
    ...(row.sealed_environment && { sealedEnvironment: row.sealed_environment }),
    code: codeOf(row),
    ...(row.policy !== null && {
      policy: {
        document: row.policy,
        bound: row.policy_bound ?? '',
        principals: JSON.parse(row.policy_principals ?? '{}') as Record<string, string>,
      },
    }),
    ...(row.tags !== null && { tags: JSON.parse(row.tags) as Record<string, string> }),
    revisionId: row.revision_id,
    createdAt: new Date(row.created_at),
    modifiedAt: new Date(row.modified_at),
  }
}

function codeOf(row: FunctionRow): FunctionCode {
  if (row.code_kind === 'directory') return { kind: 'directory', path: row.code_path ?? '' }
  return { kind: 'zip', sha256: row.code_sha256 ?? '', sizeBytes: row.code_size_bytes ?? 0 }
}
