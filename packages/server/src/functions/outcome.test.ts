import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { answerOf, type Outcome } from './outcome.ts'

test('whatever bytes a function answers, the answer is JSON, and the function’s own or an error', () => {
  const bytes = fc.oneof(
    fc.uint8Array(),
    fc.string().map((text) => Buffer.from(text)),
    fc.json().map((text) => Buffer.from(text)),
  )
  fc.assert(
    fc.property(bytes, fc.constantFrom('response', 'error'), (payload, kind) => {
      const outcome: Outcome =
        kind === 'response' ? { kind, payload } : { kind: 'error', payload, type: 'Oops' }
      const answer = answerOf(outcome, 'id')
      JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(answer.payload))
      if (answer.payload !== payload) assert.equal(answer.functionError, 'Unhandled')
      if (kind === 'error') assert.equal(answer.functionError, 'Unhandled')
    }),
  )
})

test('nesting without end is JSON like any other, and breaks nothing', () => {
  const payload = Buffer.from('['.repeat(3_000_000))
  assert.equal(answerOf({ kind: 'response', payload }, 'id').functionError, 'Unhandled')
})
