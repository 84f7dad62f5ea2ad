import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from '../../ssh/openssh.test-support.ts'
import { authorizedKeyOf, newKeyPair } from './key-format.ts'
import type { KeyType } from './settings.ts'

const TOKEN = '11111111-2222-4333-8444-555555555555'
const BLOB = 'AAAAC3NzaC1lZDI1NTE5AAAAIBy8E7gEXN9mBnVzJg3Yl1M0SThlkPFVUTYMqIqyjEfZ'

/** What ssh-keygen says of a private key's file. */
function keygen(privateKey: string, ...flags: string[]): string {
  const folder = mkdtempSync(join(tmpdir(), 'lockstep-key-'))
  try {
    writeFileSync(join(folder, 'key'), privateKey, { mode: 0o600 })
    const run = spawnSync('ssh-keygen', [...flags, '-f', join(folder, 'key')], { encoding: 'utf8' })
    assert.equal(run.status, 0, run.stderr)
    return run.stdout.trim()
  } finally {
    rmSync(folder, { recursive: true })
  }
}

test('ssh-keygen loads an Ed25519 key and finds the public one and its comment in it, every time', async () => {
  for (let n = 0; n < 5; n++) {
    const { privateKey, publicKey } = await newKeyPair({ name: 'ed25519' }, TOKEN)
    assert.match(privateKey, /^-----BEGIN OPENSSH PRIVATE KEY-----\n/)
    assert.equal(keygen(privateKey, '-y'), publicKey)
    assert.ok(publicKey.endsWith(` ${TOKEN}`))
  }
})

test('comments of every length are padded as OpenSSH wants it', async () => {
  for (let length = 8; length < 17; length++) {
    const token = 'a'.repeat(length)
    const { privateKey, publicKey } = await newKeyPair({ name: 'ed25519' }, token)
    assert.equal(keygen(privateKey, '-y'), publicKey)
  }
})

test('ssh-keygen loads an RSA key of the bits that were asked for', async () => {
  for (const bits of [2048, 3072]) {
    const type: KeyType = { name: 'rsa', bits }
    const { privateKey, publicKey } = await newKeyPair(type, TOKEN)
    assert.match(privateKey, /^-----BEGIN RSA PRIVATE KEY-----\n/)
    assert.equal(`${keygen(privateKey, '-y')} ${TOKEN}`, publicKey)
    assert.match(keygen(privateKey, '-l'), new RegExp(`^${bits} SHA256:`))
  }
})

test('a public key that somebody wrote keeps its key alone', () => {
  assert.deepEqual(authorizedKeyOf(`ssh-ed25519 ${BLOB} ada@host with a comment\n`, TOKEN), {
    token: TOKEN,
    line: `ssh-ed25519 ${BLOB} ${TOKEN}`,
  })
})

test('what is no plain public key is none', () => {
  const bad = [
    undefined,
    '',
    7,
    `command="id" ssh-ed25519 ${BLOB}`,
    `ssh-ed25519 ${BLOB}\nssh-ed25519 ${BLOB}`,
    // The key of another type than it says.
    `ssh-rsa ${BLOB}`,
    `ssh-ed25519-cert-v01@openssh.com ${BLOB}`,
    `ssh-dss ${BLOB}`,
  ]
  for (const text of bad) assert.equal(authorizedKeyOf(text, TOKEN), undefined, String(text))
})
