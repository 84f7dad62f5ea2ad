import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { readConfig } from './config.ts'
import type { Values } from './settings.ts'

function read(flags: Values, env: Readonly<Record<string, string>> = {}) {
  return readConfig({ data: 'memory', ...flags }, env)
}

test('a mail server is read with its usual port, its user and its password from the environment', () => {
  const { mail } = read(
    { 'smtp-url': 'smtp://lock%40step@mail.example.com', 'mail-from': 'lockstep@example.com' },
    { LOCKSTEP_SMTP_PASSWORD: 'p' },
  )
  assert.equal(mail?.host, 'mail.example.com')
  assert.equal(mail?.port, 587)
  assert.equal(mail?.user, 'lock@step')
  assert.equal(mail?.password?.text(), 'p')
  assert.equal(mail?.demandTls, true, 'a password wants TLS')
  const secure = read({ 'smtp-url': 'smtps://mail.example.com', 'mail-from': 'a@b.c' }).mail
  assert.equal(secure?.port, 465)
  assert.equal(secure?.secure, true)
})

test('what links begin with and where notices may go are read', () => {
  const config = read({
    'public-url': 'https://lockstep.example.com/',
    'allow-outbound': '10.0.0.0/8, fd00::/8',
  })
  assert.equal(config.publicUrl, 'https://lockstep.example.com')
  assert.deepEqual(config.allowOutbound, ['10.0.0.0/8', 'fd00::/8'])
})

describe('a server does not start', () => {
  const bad: readonly (readonly [string, Values, RegExp])[] = [
    [
      'with a password in the arguments',
      { 'smtp-url': 'smtp://a:hunter2@b.c', 'mail-from': 'a@b.c' },
      /LOCKSTEP_SMTP_PASSWORD/,
    ],
    ['with a mail server and no sender', { 'smtp-url': 'smtp://b.c' }, /--mail-from/],
    ['with a sender and no mail server', { 'mail-from': 'a@b.c' }, /--smtp-url/],
    ['with a sender that is a list', { 'smtp-url': 'smtp://b.c', 'mail-from': 'a@b.c,d@e.f' }, /mail-from/],
    [
      'with a mail server of another protocol',
      { 'smtp-url': 'https://b.c', 'mail-from': 'a@b.c' },
      /smtp-url/,
    ],
    ['with a range that is none', { 'allow-outbound': '10.0.0.0' }, /allow-outbound/],
    ['with certificates that cannot be read', { 'outbound-ca': '/nowhere/ca.pem' }, /outbound-ca/],
    ['with a public URL that has a path', { 'public-url': 'https://b.c/d' }, /public-url/],
    ['with a public URL that is none', { 'public-url': 'b.c' }, /public-url/],
  ]
  for (const [what, flags, sentence] of bad) {
    test(`${what}, and the complaint repeats no password`, () => {
      assert.throws(
        () => read(flags),
        (error: Error) => {
          assert.match(error.message, sentence)
          assert.doesNotMatch(error.message, /hunter2/)
          return error.name === 'ConfigError'
        },
      )
    })
  }
})
