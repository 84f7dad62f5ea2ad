import assert from 'node:assert/strict'
import { mkdirSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { dirname } from 'node:path'
import { test } from '../../ssh/openssh.test-support.ts'
import { Hidden } from '../hidden.ts'
import { newKeyPair } from './key-format.ts'
import { type Address, logIn } from './login.ts'
import type { KeyType } from './settings.ts'
import { Sshd, USER } from './sshd.test-support.ts'

const TOKEN = '11111111-2222-4333-8444-555555555555'

/** A node that lets one key in, and that key. */
async function world(type: KeyType = { name: 'ed25519' }, options = '') {
  const sshd = await Sshd.start()
  const { privateKey, publicKey } = await newKeyPair(type, TOKEN)
  mkdirSync(dirname(sshd.authorizedKeys), { recursive: true })
  writeFileSync(sshd.authorizedKeys, `${options}${publicKey}\n`)
  const address: Address = { host: '127.0.0.1', port: sshd.port, hostKeys: [sshd.hostKey] }
  const key = { user: USER, privateKey: new Hidden(privateKey) }
  return { sshd, address, key, [Symbol.asyncDispose]: () => sshd[Symbol.asyncDispose]() }
}

test('a key of either kind logs in and is believed by the reply of a command', async () => {
  for (const type of [{ name: 'ed25519' }, { name: 'rsa', bits: 2048 }] satisfies KeyType[]) {
    await using node = await world(type, 'restrict ')
    assert.deepEqual(await logIn(node.address, node.key), { outcome: 'ok', why: '' })
  }
})

test('a key that the node does not have is denied', async () => {
  await using node = await world()
  const { privateKey } = await newKeyPair({ name: 'ed25519' }, TOKEN)
  const other = { user: USER, privateKey: new Hidden(privateKey) }
  assert.deepEqual(await logIn(node.address, other), { outcome: 'denied', why: 'it does not let the key in' })
})

test('a host with another host key is not logged in to', async () => {
  await using node = await world()
  await node.sshd.changeHostKey()
  const { outcome, why } = await logIn(node.address, node.key)
  assert.equal(outcome, 'denied')
  assert.match(why, /another host answers/)
})

test('a host whose keys are not known, or known as a certificate only, is not connected to', async () => {
  await using node = await world()
  for (const hostKeys of [
    [],
    ['nonsense'],
    [node.sshd.hostKey.replace('ed25519', 'ed25519-cert-v01@openssh.com')],
  ]) {
    const { outcome, why } = await logIn({ ...node.address, hostKeys }, node.key)
    assert.equal(outcome, 'denied')
    assert.match(why, /none of its host keys is known/)
  }
})

test('a login after which the command does not answer as it should is no success', async () => {
  for (const command of ['true', 'false', 'echo lockstep-$SSH_ORIGINAL_COMMAND']) {
    await using node = await world({ name: 'ed25519' }, `command="${command}" `)
    const { outcome, why } = await logIn(node.address, node.key)
    assert.equal(outcome, 'denied', command)
    assert.match(why, /the login worked/)
  }
})

test('a port that nobody listens on, and one whose listener says nothing of SSH, are unreachable', async () => {
  await using node = await world()
  await node.sshd.stop()
  assert.deepEqual(await logIn(node.address, node.key), { outcome: 'unreachable', why: 'ECONNREFUSED' })
  const server = createServer((socket) => socket.end('no ssh here\r\n'))
  await new Promise<void>((done) => server.listen(node.address.port, '127.0.0.1', done))
  try {
    assert.equal((await logIn(node.address, node.key)).outcome, 'unreachable')
  } finally {
    server.close()
  }
})

test('a private key that cannot be read is not quoted', async () => {
  await using node = await world()
  const key = { user: USER, privateKey: new Hidden('hunter2') }
  assert.deepEqual(await logIn(node.address, key), {
    outcome: 'denied',
    why: 'the private key cannot be used',
  })
})
