import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { parseCredentials } from './credentials.ts'
import { alternateOf, demandSuccessor, pairOf } from './usernames.ts'

const credentials = (more: object) =>
  parseCredentials(
    JSON.stringify({ engine: 'postgres', host: 'db', username: 'app', password: 'x', ...more }),
  )

test('two turns lead back, and both names are of one pair', () => {
  fc.assert(
    fc.property(fc.string({ minLength: 1, maxLength: 40, unit: 'grapheme-ascii' }), (username) => {
      fc.pre(username !== '_clone')
      assert.equal(alternateOf(alternateOf(username)), username)
      assert.deepEqual(pairOf(alternateOf(username)), pairOf(username))
    }),
  )
})

test('a name that would be cut with _clone has no alternate', () => {
  assert.equal(alternateOf('a'.repeat(57)).length, 63)
  assert.throws(() => alternateOf('a'.repeat(58)), /more than 63 bytes/)
  assert.throws(() => alternateOf('é'.repeat(29)), /more than 63 bytes/)
  assert.throws(() => alternateOf('_clone'), /nothing before its _clone/)
})

test('only the one user that follows, at the same place, is accepted', () => {
  const single = credentials({})
  const alternating = credentials({ masterarn: 'arn' })
  demandSuccessor(single, credentials({ password: 'y' }))
  demandSuccessor(alternating, credentials({ username: 'app_clone' }))
  for (const username of ['postgres', 'app_clone', 'APP', 'app ']) {
    assert.throws(() => demandSuccessor(single, credentials({ username })), /username of the AWSPENDING/)
  }
  for (const username of ['postgres', 'app', 'app_clone_clone']) {
    assert.throws(() => demandSuccessor(alternating, credentials({ username })), /username of the AWSPENDING/)
  }
  for (const place of [{ host: 'evil' }, { host: 'DB' }, { port: 5433 }]) {
    assert.throws(() => demandSuccessor(single, credentials(place)), /host or port/)
  }
})
