import assert from 'node:assert/strict'
import { createHash, createHmac } from 'node:crypto'
import { test } from 'node:test'
import { saslprep } from './saslprep.ts'
import { scramVerifier } from './scram.ts'

const SALT = Buffer.from('W22ZaJ0SNY7soEsUEjb6gQ==', 'base64')

/** The exchange of RFC 7677, section 3, and what its two sides prove with it. */
const NONCE = 'rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0'
const EXCHANGE = `n=user,r=rOprNGfwEbeRWgbNEkqO,r=${NONCE},s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096,c=biws,r=${NONCE}`
const CLIENT_PROOF = 'dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ='
const SERVER_SIGNATURE = '6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4='

test('a verifier accepts the client and proves the server of the exchange in RFC 7677', async () => {
  const verifier = await scramVerifier('pencil', SALT)
  const [, stored = '', server = ''] =
    /^SCRAM-SHA-256\$4096:W22ZaJ0SNY7soEsUEjb6gQ==\$([^:]+):(.+)$/.exec(verifier) ?? []
  const sign = (key: string) => createHmac('sha256', Buffer.from(key, 'base64')).update(EXCHANGE).digest()
  assert.equal(sign(server).toString('base64'), SERVER_SIGNATURE)
  const proof = Buffer.from(CLIENT_PROOF, 'base64')
  const clientKey = sign(stored).map((byte, at) => byte ^ (proof[at] ?? 0))
  assert.equal(createHash('sha256').update(clientKey).digest('base64'), stored)
})

test('spellings that look alike are one password', async () => {
  const verifiers = await Promise.all(
    ['IX of\u00a0a', 'I\u00adX of a', '\u2168 of a'].map((password) => scramVerifier(password, SALT)),
  )
  assert.equal(new Set(verifiers).size, 1)
})

test('the examples of RFC 4013', () => {
  assert.equal(saslprep('I\u00adX'), 'IX')
  assert.equal(saslprep('user'), 'user')
  assert.equal(saslprep('USER'), 'USER')
  assert.equal(saslprep('\u00aa'), 'a')
  assert.equal(saslprep('\u2168'), 'IX')
})

test('what is prohibited stays as it is where nothing would change it, and is refused where something would', () => {
  assert.equal(saslprep('\u0007'), '\u0007')
  assert.equal(saslprep('\u{1f511}'), '\u{1f511}')
  for (const password of [
    '\u0007\u2168',
    '\ue000\u00ad',
    '\u{1f511}\ufb01',
    '\u05d0\u2168',
    '\u00ad',
    '\ud800\ufb01',
  ]) {
    assert.equal(saslprep(password), undefined)
  }
})

test('a password that clients would send differently gets no verifier, and is not quoted', async () => {
  await assert.rejects(scramVerifier('hunter2\u0007\u2168', SALT), {
    message: 'The password has characters that not every client would send alike.',
  })
})
