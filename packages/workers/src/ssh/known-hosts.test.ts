import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import fc from 'fast-check'
import { knownHostKeys } from './known-hosts.ts'

const KEY = 'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIN7+HQx0gM1O7sXrk0tZ8mS3d0bP2R3uB1nQyq3c5w5k'
const OTHER = 'ssh-rsa AAAAB3NzaC1yc2EAAAADAQABAAABAQ'

test('a host is found by name, address, port, pattern and list, and by no other', () => {
  const text = [
    '# comment',
    `web-1,192.0.2.1 ${KEY} a comment`,
    `[web-2]:2222 ${KEY}`,
    `*.example.com,!bad.example.com ${KEY}`,
    `web-? ${OTHER}`,
    'broken line',
  ].join('\n')
  assert.deepEqual(knownHostKeys(text, 'web-1', 22), [KEY, OTHER])
  assert.deepEqual(knownHostKeys(text, 'WEB-1', 22), [KEY, OTHER])
  assert.deepEqual(knownHostKeys(text, '192.0.2.1', 22), [KEY])
  assert.deepEqual(knownHostKeys(text, '192.0.2.1', 2222), [])
  assert.deepEqual(knownHostKeys(text, 'web-2', 2222), [KEY])
  assert.deepEqual(knownHostKeys(text, 'web-2', 22), [OTHER])
  assert.deepEqual(knownHostKeys(text, 'a.example.com', 22), [KEY])
  assert.deepEqual(knownHostKeys(text, 'bad.example.com', 22), [])
  assert.deepEqual(knownHostKeys(text, 'example.com', 22), [])
})

test('a revoked key is none, and an authority is no key of a host', () => {
  const text = `web ${KEY}\nweb ${OTHER}\n@revoked * ${KEY}\n@cert-authority other ${OTHER}\n`
  assert.deepEqual(knownHostKeys(text, 'web', 22), [OTHER])
  assert.deepEqual(knownHostKeys(text, 'other', 22), [])
})

test('names that ssh-keygen hashed are found', {
  skip: spawnSync('ssh-keygen', ['-?']).error?.message ?? false,
}, () => {
  const folder = mkdtempSync(join(tmpdir(), 'lockstep-known-'))
  try {
    const file = join(folder, 'known_hosts')
    writeFileSync(file, `web-1 ${KEY}\n[web-2]:2222 ${KEY}\n`)
    assert.equal(spawnSync('ssh-keygen', ['-H', '-f', file]).status, 0)
    const text = readFileSync(file, 'utf8')
    assert.doesNotMatch(text, /web/)
    assert.deepEqual(knownHostKeys(text, 'web-1', 22), [KEY])
    assert.deepEqual(knownHostKeys(text, 'web-2', 2222), [KEY])
    assert.deepEqual(knownHostKeys(text, 'web-2', 22), [])
  } finally {
    rmSync(folder, { recursive: true })
  }
})

test('a pattern means what the same regular expression does', () => {
  const some = fc.string({ unit: fc.constantFrom('a', 'b', '*', '?'), minLength: 1, maxLength: 8 })
  const name = fc.string({ unit: fc.constantFrom('a', 'b'), minLength: 1, maxLength: 10 })
  fc.assert(
    fc.property(some, name, (pattern, host) => {
      const expression = new RegExp(`^${pattern.replaceAll('*', '.*').replaceAll('?', '.')}$`)
      assert.equal(knownHostKeys(`${pattern} ${KEY}`, host, 22).length === 1, expression.test(host))
    }),
  )
})
