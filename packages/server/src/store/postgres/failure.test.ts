import assert from 'node:assert/strict'
import { test } from 'node:test'
import { inspect } from 'node:util'
import { Conflict, ConnectionLost, StalePlan, translate } from './failure.ts'

/** As pg throws what a database server said. */
function said(code: string, message = 'a sentence', more: object = {}): Error {
  return Object.assign(new Error(message), { code, severity: 'ERROR', ...more })
}

function reasonOf(error: Error): unknown {
  const translated = translate(error)
  return translated instanceof Error && 'reason' in translated ? translated.reason : undefined
}

test('what ends a connection, or leaves open what became of a statement, is a lost connection', () => {
  for (const code of ['08006', '57P01', '57P02', '57P03', '25P03', '25P04', '40003']) {
    assert.ok(translate(said(code)) instanceof ConnectionLost, code)
  }
  for (const message of ['Query read timeout', 'Connection terminated unexpectedly', 'read ECONNRESET']) {
    assert.ok(translate(new Error(message)) instanceof ConnectionLost, message)
  }
})

test('a statement that was refused leaves its connection as it was', () => {
  for (const code of ['57014', '55P03', '53100', '25006']) {
    const translated = translate(said(code))
    assert.ok(translated instanceof Error && !(translated instanceof ConnectionLost), code)
    assert.equal(translated.name, 'StoreUnavailable')
  }
  assert.equal(reasonOf(said('57014')), 'slow')
  assert.equal(reasonOf(said('55P03')), 'contended')
  // What pg-pool says where every connection is in use, or none could be made.
  assert.equal(reasonOf(new Error('timeout exceeded when trying to connect')), 'slow')
  assert.equal(reasonOf(said('25006')), 'standby')
  assert.equal(reasonOf(said('53300')), 'connections')
})

test('conflicts are told from refusals', () => {
  for (const code of ['40001', '40P01', '23505']) assert.ok(translate(said(code)) instanceof Conflict, code)
  assert.ok(!(translate(said('23502')) instanceof Conflict))
})

test('a plan from before a migration is known in whatever language the database server speaks', () => {
  const german = said('0A000', 'gecachter Plan darf den Ergebnistyp nicht ändern', {
    routine: 'RevalidateCachedQuery',
  })
  assert.ok(translate(german) instanceof StalePlan)
  assert.ok(translate(said('0A000', 'cached plan must not change result type')) instanceof StalePlan)
  assert.ok(
    !(translate(said('0A000', 'not supported', { routine: 'transformSelectStmt' })) instanceof StalePlan),
  )
})

test('nothing that a database server quotes goes on: no value, no user, no host', () => {
  const quoting = 'password authentication failed for user "eve-hunter2" at db.internal'
  for (const code of ['28P01', '3D000', '22021', '22P02', '23502', '23505', '40001', '57P03', '08006']) {
    const error = said(code, quoting, { detail: `Key (name)=(${quoting})`, where: quoting })
    assert.doesNotMatch(
      inspect(translate(error), { depth: 9, showHidden: true }),
      /hunter2|db\.internal/,
      code,
    )
  }
  const refused = Object.assign(new Error('connect ECONNREFUSED db.internal:5432'), {
    code: 'ECONNREFUSED',
    address: 'db.internal',
  })
  assert.doesNotMatch(inspect(translate(refused), { depth: 9, showHidden: true }), /db\.internal/)
})

test('an error of the program stays what it is', () => {
  const error = new TypeError('x is not a function')
  assert.equal(translate(error), error)
})
