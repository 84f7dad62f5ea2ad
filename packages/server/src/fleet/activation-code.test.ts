import assert from 'node:assert/strict'
import { test } from 'node:test'
import { systemRandom } from '../platform/random.ts'
import { digestOfCode, isCodeOf, newActivationCode } from './activation-code.ts'

test('a code is its own activation’s alone, and not one character may differ', () => {
  const code = newActivationCode(systemRandom)
  const activation = { codeDigest: digestOfCode(code) }
  assert.equal(isCodeOf(activation, code), true)
  for (const other of ['', code.slice(1), `${code} `, code.toLowerCase(), newActivationCode(systemRandom)])
    assert.equal(isCodeOf(activation, other), false)
  assert.equal(isCodeOf({ codeDigest: '' }, ''), false)
})

test('a code has at least 128 bits, and none comes twice', () => {
  const codes = Array.from({ length: 1_000 }, () => newActivationCode(systemRandom))
  assert.equal(new Set(codes).size, codes.length)
  for (const code of codes) assert.match(code, /^[A-Za-z0-9]{22,}$/)
})
