import { damaged } from './backup-format.ts'
import type { TableDigest } from './reading.ts'
import type { Table } from './tables.ts'

/** What a backup holds, as it was counted while it was read. The last frame of the file. */
export interface Manifest {
  readonly schema: number
  /** ISO 8601: when the snapshot was opened. */
  readonly createdAt: string
  /** The installation's first account. */
  readonly account: string
  /** The trail's last checkpoint at that instant, as the trail keeps it; none before the first. */
  readonly checkpoint: { readonly sequence: number; readonly text: string } | null
  readonly keyring: readonly { readonly generation: number; readonly rootKeyId: string }[]
  readonly tables: readonly (Table & TableDigest)[]
}

export function rowsIn({ tables }: Pick<Manifest, 'tables'>): number {
  return tables.reduce((sum, { rows }) => sum + rows, 0)
}

/** Every other frame: one page of one table. */
export interface Page {
  /** Counts the tables of the schema by name, from 0. */
  readonly table: number
  readonly count: number
  /** As row-encoding.ts writes them. */
  readonly rows: Uint8Array
}

const COUNT_AT = 2
const ROWS_AT = 6

export function pageFrame({ table, count, rows }: Page): Uint8Array {
  const head = Buffer.alloc(ROWS_AT)
  head.writeUInt16BE(table)
  head.writeUInt32BE(count, COUNT_AT)
  return Buffer.concat([head, rows])
}

/** @throws MoveRefused for a frame too short to be a page. */
export function parsePage(frame: Uint8Array): Page {
  if (frame.length < ROWS_AT) throw damaged('A page of it is cut off.')
  const view = new DataView(frame.buffer, frame.byteOffset, frame.byteLength)
  return { table: view.getUint16(0), count: view.getUint32(COUNT_AT), rows: frame.subarray(ROWS_AT) }
}

/** The table a page is of. @throws MoveRefused where there is no such table. */
export function tableOf<T extends Table>(tables: readonly T[], { table }: Page): T {
  const found = tables[table]
  if (!found) throw damaged('A page of it is of no table that its manifest names.')
  return found
}
