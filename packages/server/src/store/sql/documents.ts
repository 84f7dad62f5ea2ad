import type { DocumentWriter, ListedDocument, StoredDocument, StoredDocumentVersion } from '../documents.ts'
import type { Place } from '../store.ts'
import type { Sql, SqlValue } from './sql.ts'

export interface DocumentTables {
  ssm_documents: DocumentRow
  ssm_document_versions: VersionRow
}

interface DocumentRow {
  account: string
  region: string
  name: string
  default_version: number
  latest_version: number
  tags: string
  created_at: number
}

interface VersionRow {
  account: string
  region: string
  name: string
  number: number
  version_name: string | null
  display_name: string | null
  target_type: string | null
  format: string
  content: string
  schema_version: string
  platform_types: string
  created_at: number
}

const OF_NAME = 'where account = ? and region = ? and name = ?'

function at({ account, region }: Place, name: string): [string, string, string] {
  return [account, region, name]
}

export class SqlDocuments implements DocumentWriter {
  readonly #sql: Sql

  constructor(sql: Sql) {
    this.#sql = sql
  }

  async find(place: Place, name: string): Promise<StoredDocument | undefined> {
    const text = `select * from ssm_documents ${OF_NAME}${this.#sql.locking}`
    const row = await this.#sql.row<DocumentRow>(text, ...at(place, name))
    return row && documentOf(row)
  }

  async version(place: Place, name: string, number: number): Promise<StoredDocumentVersion | undefined> {
    const text = `select * from ssm_document_versions ${OF_NAME} and number = ?`
    const row = await this.#sql.row<VersionRow>(text, ...at(place, name), number)
    return row && versionOf(row)
  }

  async versionNamed(
    place: Place,
    name: string,
    versionName: string,
  ): Promise<StoredDocumentVersion | undefined> {
    const text = `select * from ssm_document_versions ${OF_NAME} and version_name = ?`
    const row = await this.#sql.row<VersionRow>(text, ...at(place, name), versionName)
    return row && versionOf(row)
  }

  async hasContent(place: Place, name: string, content: string): Promise<boolean> {
    const text = `select number from ssm_document_versions ${OF_NAME} and content = ? limit 1`
    return (await this.#sql.row<{ number: number }>(text, ...at(place, name), content)) !== undefined
  }

  async list(
    place: Place,
    { after = '', limit }: { readonly after: string | undefined; readonly limit: number },
  ): Promise<readonly ListedDocument[]> {
    const rows = await this.#sql.rows<DocumentRow>(
      'select * from ssm_documents where account = ? and region = ? and name > ? order by name limit ?',
      ...at(place, after),
      limit,
    )
    const versions = await this.#sql.rows<VersionRow>(
      `select v.* from ssm_document_versions v join ssm_documents d
         on d.account = v.account and d.region = v.region and d.name = v.name and d.default_version = v.number
       where v.account = ? and v.region = ? and v.name > ? order by v.name limit ?`,
      ...at(place, after),
      limit,
    )
    const byName = new Map(versions.map((row) => [row.name, versionOf(row)]))
    return rows.flatMap((row) => {
      const version = byName.get(row.name)
      return version ? [{ document: documentOf(row), version }] : []
    })
  }

  async versions(
    place: Place,
    name: string,
    { before, limit }: { readonly before: number | undefined; readonly limit: number },
  ): Promise<readonly StoredDocumentVersion[]> {
    const rows = await this.#sql.rows<VersionRow>(
      `select * from ssm_document_versions ${OF_NAME} and number < ? order by number desc limit ?`,
      ...at(place, name),
      before ?? Number.MAX_SAFE_INTEGER,
      limit,
    )
    return rows.map(versionOf)
  }

  async count({ account, region }: Place): Promise<number> {
    const text = 'select count(*) as count from ssm_documents where account = ? and region = ?'
    const row = await this.#sql.row<{ count: number }>(text, account, region)
    return Number(row?.count ?? 0)
  }

  async insert(document: StoredDocument, version: StoredDocumentVersion): Promise<void> {
    const { name, defaultVersion, latestVersion, tags, createdAt } = document
    await this.#change(
      `insert into ssm_documents (account, region, name, default_version, latest_version, tags, created_at)
       values (?, ?, ?, ?, ?, ?, ?)`,
      ...[...at(document, name), defaultVersion, latestVersion, JSON.stringify(tags), createdAt.getTime()],
    )
    await this.#insertVersion(document, version)
  }

  async addVersion(document: StoredDocument, version: StoredDocumentVersion): Promise<void> {
    await this.update(document)
    await this.#insertVersion(document, version)
  }

  async update(document: StoredDocument): Promise<void> {
    const { name, defaultVersion, latestVersion, tags } = document
    await this.#change(
      `update ssm_documents set default_version = ?, latest_version = ?, tags = ? ${OF_NAME}`,
      ...[defaultVersion, latestVersion, JSON.stringify(tags), ...at(document, name)],
    )
  }

  async removeVersion(document: StoredDocument, number: number): Promise<void> {
    const text = `delete from ssm_document_versions ${OF_NAME} and number = ?`
    await this.#change(text, ...at(document, document.name), number)
  }

  async remove(document: StoredDocument): Promise<void> {
    await this.#change(`delete from ssm_document_versions ${OF_NAME}`, ...at(document, document.name))
    await this.#change(`delete from ssm_documents ${OF_NAME}`, ...at(document, document.name))
  }

  async #insertVersion(document: StoredDocument, version: StoredDocumentVersion): Promise<void> {
    const { number, versionName, displayName, targetType, format, content } = version
    await this.#change(
      `insert into ssm_document_versions (account, region, name, number, version_name, display_name, target_type,
         format, content, schema_version, platform_types, created_at)
       values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
      ...[...at(document, document.name), number, versionName ?? null, displayName ?? null],
      ...[targetType ?? null, format, content, version.schemaVersion, JSON.stringify(version.platformTypes)],
      version.createdAt.getTime(),
    )
  }

  async #change(text: string, ...values: readonly SqlValue[]): Promise<void> {
    await this.#sql.run(text, ...values)
    this.#sql.changes('associations')
  }
}

function documentOf(row: DocumentRow): StoredDocument {
  return {
    account: row.account,
    region: row.region,
    name: row.name,
    defaultVersion: Number(row.default_version),
    latestVersion: Number(row.latest_version),
    tags: JSON.parse(row.tags) as Record<string, string>,
    createdAt: new Date(row.created_at),
  }
}

function versionOf(row: VersionRow): StoredDocumentVersion {
  return {
    number: Number(row.number),
    ...(row.version_name !== null && { versionName: row.version_name }),
    ...(row.display_name !== null && { displayName: row.display_name }),
    ...(row.target_type !== null && { targetType: row.target_type }),
    format: row.format as StoredDocumentVersion['format'],
    content: row.content,
    schemaVersion: row.schema_version,
    platformTypes: JSON.parse(row.platform_types) as StoredDocumentVersion['platformTypes'],
    createdAt: new Date(row.created_at),
  }
}
