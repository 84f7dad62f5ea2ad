import assert from 'node:assert/strict'
import { test } from 'node:test'
import { RotationError } from '../rotation-error.ts'
import { postgresFailed } from './failure.ts'

test('what PostgreSQL says is told by its code, never by its words', () => {
  const error = Object.assign(new Error(`syntax error at or near "hunter2"`), {
    code: '42601',
    detail: 'hunter2',
    query: 'hunter2',
  })
  const failure = postgresFailed(error)
  assert.equal(failure.message, 'PostgreSQL: it failed (42601).')
  assert.equal(failure.cause, undefined)
})

test('what is common has words of its own', () => {
  const messages = ['28P01', '57P03', 'ECONNREFUSED', 'CERT_HAS_EXPIRED'].map(
    (code) => postgresFailed(Object.assign(new Error('x'), { code })).message,
  )
  assert.deepEqual(messages, [
    'PostgreSQL: the user name or password is refused (28P01).',
    'PostgreSQL: it is starting up (57P03).',
    'PostgreSQL: nothing listens at the host and port of the secret (ECONNREFUSED).',
    'PostgreSQL: it failed (CERT_HAS_EXPIRED).',
  ])
  assert.match(postgresFailed(new Error('timeout expired')).message, /does not answer in time/)
})

test('an error with nothing that is known says nothing, and one that is in words stays', () => {
  for (const error of [
    new Error('hunter2'),
    Object.assign(new Error('x'), { code: 'hunter2!' }),
    'hunter2',
    null,
  ]) {
    assert.equal(postgresFailed(error).message, 'PostgreSQL: it failed.')
  }
  const said = new RotationError('said')
  assert.equal(postgresFailed(said), said)
})
