import type { SqlValue } from '../store/sql/sql.ts'
import type { Column, Table } from './tables.ts'

/** A row by its columns' names. */
export type Row = Readonly<Record<string, SqlValue>>

// One encoding for digests and backups, the same whichever engine a row comes from: for each column in the
// table's order one byte, 0 for null and 1 for a value, and then
//
//   integer   8 bytes, big-endian, two's complement
//   text      length (4) | UTF-8
//   bytes     length (4) | bytes
//
// Lengths come first, so two different rows never encode alike.
const NULL = 0
const VALUE = 1
const INTEGER_BYTES = 8
const LENGTH_BYTES = 4
/** UTF-8 takes at most three bytes for one UTF-16 code unit. */
const UTF8_MAX = 3
const START_BYTES = 64 * 1024

/** The rows one after another. @throws TypeError for a value that is not of its column's kind. */
export function encodeRows(table: Table, rows: readonly Row[]): Uint8Array {
  const writer = new Writer()
  for (const row of rows) {
    for (const column of table.columns) writer.add(column, row[column.name])
  }
  return writer.finish()
}

class Writer {
  #buffer = Buffer.allocUnsafe(START_BYTES)
  #at = 0

  add(column: Column, value: SqlValue | undefined): void {
    if (value === null) {
      this.#reserve(1)
      this.#at = this.#buffer.writeUInt8(NULL, this.#at)
    } else if (typeof value === 'number' && column.kind === 'integer') {
      this.#reserve(1 + INTEGER_BYTES)
      this.#at = this.#buffer.writeUInt8(VALUE, this.#at)
      this.#at = this.#buffer.writeBigInt64BE(BigInt(value), this.#at)
    } else if (typeof value === 'string' && column.kind === 'text') {
      this.#reserve(1 + LENGTH_BYTES + value.length * UTF8_MAX)
      const written = this.#buffer.write(value, this.#at + 1 + LENGTH_BYTES, 'utf8')
      this.#at = this.#buffer.writeUInt8(VALUE, this.#at)
      this.#at = this.#buffer.writeUInt32BE(written, this.#at) + written
    } else if (value instanceof Uint8Array && column.kind === 'bytes') {
      this.#reserve(1 + LENGTH_BYTES + value.length)
      this.#at = this.#buffer.writeUInt8(VALUE, this.#at)
      this.#at = this.#buffer.writeUInt32BE(value.length, this.#at)
      this.#buffer.set(value, this.#at)
      this.#at += value.length
    } else {
      throw new TypeError(`Column ${column.name} holds something else than ${column.kind}`)
    }
  }

  finish(): Uint8Array {
    return this.#buffer.subarray(0, this.#at)
  }

  #reserve(bytes: number): void {
    if (this.#at + bytes <= this.#buffer.length) return
    const larger = Buffer.allocUnsafe(Math.max(this.#buffer.length * 2, this.#at + bytes))
    this.#buffer.copy(larger, 0, 0, this.#at)
    this.#buffer = larger
  }
}

/** Undoes {@link encodeRows}. @throws RangeError for bytes that it did not write. */
export function decodeRows(table: Table, bytes: Uint8Array): readonly Row[] {
  const reader = new Reader(bytes)
  const rows: Row[] = []
  while (!reader.atEnd) {
    const row: Record<string, SqlValue> = {}
    for (const column of table.columns) row[column.name] = reader.take(column)
    rows.push(row)
  }
  return rows
}

class Reader {
  readonly #bytes: Buffer
  #at = 0

  constructor(bytes: Uint8Array) {
    this.#bytes = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  }

  get atEnd(): boolean {
    return this.#at === this.#bytes.length
  }

  take({ kind }: Column): SqlValue {
    const tag = this.#bytes.readUInt8(this.#at)
    this.#at += 1
    if (tag === NULL) return null
    if (tag !== VALUE) throw new RangeError('A row begins with neither a value nor null')
    if (kind === 'integer') {
      const value = this.#bytes.readBigInt64BE(this.#at)
      this.#at += INTEGER_BYTES
      return Number(value)
    }
    const length = this.#bytes.readUInt32BE(this.#at)
    const from = this.#at + LENGTH_BYTES
    const upTo = from + length
    if (upTo > this.#bytes.length) throw new RangeError('A row ends before its last value')
    this.#at = upTo
    // A view of the page that was read: it lives as long as the rows do.
    return kind === 'text' ? this.#bytes.toString('utf8', from, upTo) : this.#bytes.subarray(from, upTo)
  }
}
