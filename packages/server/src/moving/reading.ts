import { createHash } from 'node:crypto'
import type { Sql, SqlValue } from '../store/sql/sql.ts'
import { MARK } from './mark.ts'
import { encodeRows, type Row } from './row-encoding.ts'
import type { Table } from './tables.ts'

/** What a table holds, told by its size and by SHA-256 over its rows in the order of their keys. */
export interface TableDigest {
  readonly rows: number
  /** In hexadecimal. */
  readonly sha256: string
}

/** Rows that are read, moved and committed at once: memory holds a few of these, whatever a table's size. */
const PAGE_ROWS = 512

/**
 * All rows of a table in the order of its key, a page at a time.
 * @param after The key of the last row that is not wanted any more.
 */
export async function* pagesOf(
  sql: Sql,
  table: Table,
  after?: readonly SqlValue[],
): AsyncGenerator<readonly Row[]> {
  let last = after
  for (;;) {
    const page = await sql.rows<Row>(selectOf(table, last !== undefined), ...(last ?? []), PAGE_ROWS)
    if (page.length > 0) yield page
    const end = page.at(-1)
    if (!end || page.length < PAGE_ROWS) return
    last = keyOf(table, end)
  }
}

export function keyOf(table: Table, row: Row): readonly SqlValue[] {
  return table.key.map((column) => row[column] ?? null)
}

export async function countOf(sql: Sql, table: Table): Promise<number> {
  const row = await sql.row<{ count: number }>(
    `select count(*) as count from ${table.name}${where(stateOnly(table))}`,
  )
  return row?.count ?? 0
}

/** Reads the whole table. @param onRows Hears how many more rows were read. */
export async function digestOf(
  sql: Sql,
  table: Table,
  onRows: (rows: number) => void = () => {},
): Promise<TableDigest> {
  const digest = new Digest(table)
  for await (const page of pagesOf(sql, table)) {
    digest.add(encodeRows(table, page), page.length)
    onRows(page.length)
  }
  return digest.close()
}

/** A {@link TableDigest} in the making. */
export class Digest {
  readonly #hash
  #rows = 0

  constructor({ name, columns }: Table) {
    // The columns too: values that changed places with their columns' names are not the same table.
    this.#hash = createHash('sha256').update(`${JSON.stringify({ name, columns })}\n`)
  }

  /** @param encoded As row-encoding.ts writes rows. */
  add(encoded: Uint8Array, rows: number): void {
    this.#hash.update(encoded)
    this.#rows += rows
  }

  close(): TableDigest {
    return { rows: this.#rows, sha256: this.#hash.digest('hex') }
  }
}

function selectOf(table: Table, hasStart: boolean): string {
  const { name, columns, key } = table
  const beyond = hasStart ? [`(${key.join(', ')}) > (${key.map(() => '?').join(', ')})`] : []
  return `select ${columns.map((column) => column.name).join(', ')} from ${name}${where([...stateOnly(table), ...beyond])}
    order by ${key.join(', ')} limit ?`
}

/** The mark of an unfinished move lies among the facts and is no part of what moves. */
function stateOnly({ name }: Table): readonly string[] {
  return name === MARK.table ? [`name <> '${MARK.name}'`] : []
}

function where(conditions: readonly string[]): string {
  return conditions.length > 0 ? ` where ${conditions.join(' and ')}` : ''
}
