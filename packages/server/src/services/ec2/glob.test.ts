import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import { compileGlob, literalOf } from './glob.ts'

describe('compileGlob', () => {
  test('agrees with a regular expression of the same meaning', () => {
    const words = (letters: readonly string[]) =>
      fc.array(fc.constantFrom(...letters), { maxLength: 10 }).map((all) => all.join(''))
    fc.assert(
      fc.property(words(['a', 'b', '*', '?', '.']), words(['a', 'b', '.']), (pattern, text) => {
        const source = pattern.replaceAll('.', '\\.').replaceAll('*', '.*').replaceAll('?', '.?')
        assert.equal(compileGlob(pattern)(text), new RegExp(`^${source}$`).test(text))
      }),
      { numRuns: 3000 },
    )
  })

  test('a question mark stands for one character or none, and case matters', () => {
    const fits = compileGlob('web-?')
    assert.deepEqual(['web-', 'web-1', 'web-12', 'Web-1', 'web-😀'].map(fits), [
      true,
      true,
      false,
      false,
      true,
    ])
  })

  test('a backslash takes the meaning from a wildcard and from itself, and from nothing else', () => {
    assert.equal(literalOf('a\\*b\\?c\\\\d\\e'), 'a*b?c\\d\\e')
    assert.deepEqual(['a*b', 'axb'].map(compileGlob('a\\*b')), [true, false])
    assert.equal(literalOf('a*'), undefined)
  })

  test('a hostile pattern ends', () => {
    assert.equal(compileGlob(`${'*?a'.repeat(80)}b`)('a'.repeat(256)), false)
  })
})
