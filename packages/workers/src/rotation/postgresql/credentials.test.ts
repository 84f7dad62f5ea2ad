import assert from 'node:assert/strict'
import { test } from 'node:test'
import { inspect } from 'node:util'
import { parseCredentials } from './credentials.ts'

const SECRET = { engine: 'postgres', host: 'db.example.net', username: 'app', password: 'hunter2' }
const parse = (more: object = {}) => parseCredentials(JSON.stringify({ ...SECRET, ...more }))

test('port and database have PostgreSQL’s defaults, and null is as good as absent', () => {
  const none = { port: null, dbname: null, masterarn: null, ssl: null, sslmode: null }
  for (const { port, dbname, tls, masterArn } of [parse(), parse(none)]) {
    assert.deepEqual(
      { port, dbname, tls, masterArn },
      { port: 5432, dbname: 'postgres', tls: 'prefer', masterArn: undefined },
    )
  }
})

test('a port may be a number or its digits', () => {
  assert.equal(parse({ port: 6432 }).port, 6432)
  assert.equal(parse({ port: '6432' }).port, 6432)
  for (const port of ['', '0', 0, 65_536, 1.5, '5432x', true, [5432]]) {
    assert.throws(() => parse({ port }), /port is not a port/)
  }
})

test('TLS is what sslmode says, else what ssl says as AWS understands it', () => {
  const modes = [
    { ssl: true },
    { ssl: 'TRUE' },
    { ssl: false },
    { ssl: 'false' },
    { sslmode: 'require', ssl: false },
  ]
  assert.deepEqual(
    modes.map((more) => parse(more).tls),
    ['verify-full', 'verify-full', 'disable', 'disable', 'require'],
  )
})

test('a wrong way of TLS is refused rather than taken for none', () => {
  for (const ssl of ['', 'yes', 1, {}]) assert.throws(() => parse({ ssl }), /ssl is neither true nor false/)
  for (const sslmode of ['', 'allow', 'VERIFY-FULL', true]) {
    assert.throws(() => parse({ sslmode }), /sslmode is none of/)
  }
})

test('each member that is missing is named, and no value', () => {
  for (const name of ['engine', 'host', 'username', 'password']) {
    for (const value of [undefined, null, '', 7, {}]) {
      assert.throws(() => parse({ [name]: value }), new RegExp(`The secret's ${name} is`))
    }
  }
  assert.throws(
    () => parse({ username: 'hunter2\0' }),
    (error: Error) => !error.message.includes('hunter2'),
  )
})

test('what is printed of credentials has no password', () => {
  const printed = `${inspect(parse(), { depth: 9, showHidden: true })}${JSON.stringify(parse())}${parse().password}`
  assert.ok(!printed.includes('hunter2'))
  assert.equal(parse().password.reveal(), 'hunter2')
})

test('a host that is a path, a list or a URL is refused', () => {
  for (const host of ['/run/postgresql', 'a,b', 'user@db', 'db\\x', 'postgres://db', 'd b']) {
    assert.throws(() => parse({ host }), /host is not a host name/)
  }
})
