import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import { compileWildcard } from './wildcard.ts'

const letters = fc.string({ unit: fc.constantFrom('a', 'b', '*', '\\'), maxLength: 12 })

describe('compileWildcard', () => {
  test('an asterisk stands for any run of characters, and nothing else stands for more than itself', () => {
    const matches = compileWildcard('arn:*:secret:/dev/*-?')
    assert.ok(matches('arn:aws:secret:/dev/ssh-?'))
    assert.ok(matches('arn::secret:/dev/-?'))
    assert.ok(!matches('arn:aws:secret:/dev/ssh-x'))
    assert.ok(!matches('XXarn:aws:secret:/dev/ssh-?'))
  })

  test('what stands before and behind an asterisk shares no character of the text', () => {
    assert.ok(!compileWildcard('aba*ba')('aba'))
    assert.ok(!compileWildcard('a*b*b')('ab'))
    assert.ok(compileWildcard('a*b*b')('abb'))
  })

  test('an escaped asterisk or backslash stands for itself', () => {
    assert.ok(compileWildcard(String.raw`a\*\\`)('a*\\'))
    assert.ok(!compileWildcard(String.raw`a\*`)('ab'))
  })

  test('two asterisks in a row and other escapes are refused where they are', () => {
    assert.throws(() => compileWildcard('ab**'), { message: 'Consecutive wildcard characters at pos 3' })
    assert.throws(() => compileWildcard('é**'), { message: 'Consecutive wildcard characters at pos 3' })
    assert.throws(() => compileWildcard('\\a'), { message: 'Invalid escape character at pos 1' })
    assert.throws(() => compileWildcard('a\\'), { message: 'Invalid escape character at pos 2' })
  })

  test('says what a regular expression says', () => {
    fc.assert(
      fc.property(
        letters,
        fc.string({ unit: fc.constantFrom('a', 'b', '*', '\\'), maxLength: 14 }),
        (pattern, text) => {
          let matches: (text: string) => boolean
          try {
            matches = compileWildcard(pattern)
          } catch {
            return
          }
          const source = pattern.replace(/\\[*\\]|\*/g, (part) => (part === '*' ? '[^]*' : part))
          assert.equal(matches(text), new RegExp(`^${source}$`).test(text), `${pattern} ${text}`)
        },
      ),
      { numRuns: 3000 },
    )
  })

  test('no text takes long, however much it looks like the pattern', () => {
    const matches = compileWildcard(`*${`${'a'.repeat(100)}b*`.repeat(39)}c`)
    const start = performance.now()
    assert.ok(!matches(`${'a'.repeat(1_000_000)}c`))
    assert.ok(performance.now() - start < 500)
  })
})
