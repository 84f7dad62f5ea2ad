import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { decodeRows, encodeRows } from './row-encoding.ts'
import type { Table } from './tables.ts'

const table: Table = {
  name: 'things',
  columns: [
    { name: 'a', kind: 'integer' },
    { name: 'b', kind: 'text' },
    { name: 'c', kind: 'bytes' },
    { name: 'd', kind: 'text' },
  ],
  key: ['a'],
}

const text = fc.oneof(fc.constant(null), fc.string({ unit: 'binary' }))
const row = fc.record({
  a: fc.oneof(fc.constant(null), fc.maxSafeInteger()),
  b: text,
  c: fc.oneof(fc.constant(null), fc.uint8Array({ maxLength: 200 })),
  d: text,
})

test('rows come back as they were', () => {
  fc.assert(
    fc.property(fc.array(row), (rows) => {
      const back = decodeRows(table, encodeRows(table, rows))
      assert.deepEqual(
        back.map(({ c, ...rest }) => ({ ...rest, c: c && Buffer.from(c as Uint8Array) })),
        rows.map(({ a, b, c, d }) => ({ a: a === 0 ? 0 : a, b, d, c: c && Buffer.from(c) })),
      )
    }),
  )
})

test('two different lists of rows never encode alike', () => {
  fc.assert(
    fc.property(fc.array(row, { maxLength: 3 }), fc.array(row, { maxLength: 3 }), (one, other) => {
      const same = Buffer.from(encodeRows(table, one)).equals(encodeRows(table, other))
      const isOne = JSON.stringify(one) === JSON.stringify(other)
      assert.equal(same, isOne)
    }),
  )
})

test('a page larger than the first buffer is whole', () => {
  const rows = Array.from({ length: 100 }, (_, a) => ({
    a,
    b: '🦆'.repeat(a * 50),
    c: new Uint8Array(a * 37),
    d: null,
  }))
  assert.equal(decodeRows(table, encodeRows(table, rows)).at(-1)?.b, '🦆'.repeat(99 * 50))
})

test('a value that is not of its column is refused, not written as something else', () => {
  for (const a of ['1', new Uint8Array(1), undefined]) {
    assert.throws(
      () => encodeRows(table, [{ a, b: '', c: null, d: null } as never]),
      /Column a holds something else/,
    )
  }
})

test('bytes that end early are refused', () => {
  const bytes = encodeRows(table, [{ a: 1, b: 'text', c: new Uint8Array(3), d: null }])
  for (let length = 1; length < bytes.length; length++) {
    assert.throws(() => decodeRows(table, bytes.subarray(0, length)), RangeError, String(length))
  }
})
