import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { Output, rotationToken } from './output.ts'

function outputOf(secrets: readonly string[] = []) {
  const lines: string[] = []
  return { output: new Output((more) => lines.push(...more), secrets), lines }
}

test('what is printed is cut into lines, its last one too', () => {
  const { output, lines } = outputOf()
  const stream = output.stream()
  for (const text of ['a', 'b\nc\n\nd']) stream.write(text)
  stream.end()
  assert.deepEqual(lines, ['ab', 'c', '', 'd'])
})

test('however it is cut, a secret in a line is never kept', () => {
  const secret = 'b7c1e0b0-token'
  const text = fc.array(
    fc.oneof(fc.constant(secret), fc.string(), fc.constant('x'.repeat(16_380)), fc.constant('\n')),
  )
  fc.assert(
    fc.property(text, fc.array(fc.integer({ min: 1, max: 9_000 })), (parts, cuts) => {
      const { output, lines } = outputOf([secret])
      const stream = output.stream()
      let rest = parts.join('')
      for (const cut of cuts) {
        stream.write(rest.slice(0, cut))
        rest = rest.slice(cut)
      }
      stream.write(rest)
      stream.end()
      assert.ok(!lines.join('').includes(secret))
      assert.ok(!output.tail.includes(secret))
    }),
  )
})

test('only the first mebibyte is kept, of the last 4 KiB all the same the end, and what the platform notes', () => {
  const { output, lines } = outputOf()
  const stream = output.stream()
  for (let line = 0; line < 40_000; line++) stream.write(`line ${line} ${'x'.repeat(90)}\n`)
  stream.end()
  output.note('END')
  assert.ok(Buffer.byteLength(lines.join('\n')) <= 1024 * 1024)
  assert.ok(output.droppedBytes > 2_000_000)
  assert.match(output.tail, /line 39999 x+\nEND\n$/)
  assert.equal(lines.at(-1), 'END')
  assert.ok(Buffer.byteLength(output.tail) <= 4_096)
})

test('the tail is whole characters', () => {
  const { output } = outputOf()
  output.note('é'.repeat(5_000))
  assert.match(output.tail, /^é+\n$/)
})

test('the token is that of a rotation’s event and nothing else', () => {
  const of = (text: string) => rotationToken(Buffer.from(text))
  assert.equal(of('{"RotationToken":"t"}'), 't')
  for (const text of ['{"RotationToken":1}', '{}', 'null', '[]', 'x', ''])
    assert.equal(of(text), undefined, text)
})
