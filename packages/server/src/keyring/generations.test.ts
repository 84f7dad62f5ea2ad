import assert from 'node:assert/strict'
import { createHmac, type KeyObject } from 'node:crypto'
import { describe, test } from 'node:test'
import { inspect } from 'node:util'
import { systemRandom } from '../platform/random.ts'
import { Keyring, type Purpose } from './keyring.ts'
import { OpenFailure } from './open-failure.ts'
import { openMemoryRootKey } from './root-keys/memory.ts'
import { type RootKey, RootKeyError } from './root-keys/root-key.ts'

const NOW = new Date('2026-11-22T00:00:00Z')
const CONTEXT = { account: '111122223333', id: 'AKIAEXAMPLE' }
const PURPOSES: Purpose[] = [
  'kms-material',
  'access-key',
  'session',
  'page-token',
  'trail-signing',
  'trail-lane',
  'notice',
  'bus-event',
  'notice-signing',
]

describe('generations', () => {
  test('after a rotation the new generation seals and the old one still opens', async () => {
    const { root, keyring } = await newKeyring()
    const old = keyring.seal('session', Buffer.from('old'), CONTEXT)
    await keyring.admit(root, await keyring.rotate(root, NOW))
    const young = keyring.seal('session', Buffer.from('young'), CONTEXT)
    assert.deepEqual([generationOf(old), generationOf(young)], [1, 2])
    assert.equal(keyring.open('session', old, CONTEXT).text(), 'old')
    assert.equal(keyring.open('session', young, CONTEXT).text(), 'young')
  })

  test('a rotation seals nothing before its record has been admitted', async () => {
    const { root, keyring } = await newKeyring()
    await keyring.rotate(root, NOW)
    assert.equal(generationOf(keyring.seal('session', Buffer.from('value'), CONTEXT)), 1)
  })

  test('a restart opens every generation, in whatever order the records come', async () => {
    const { root, keyring, record } = await newKeyring()
    const old = keyring.seal('session', Buffer.from('old'), CONTEXT)
    const second = await keyring.rotate(root, NOW)
    await keyring.admit(root, second)
    const young = keyring.seal('session', Buffer.from('young'), CONTEXT)
    for (const records of [
      [record, second],
      [second, record],
    ]) {
      const restarted = await Keyring.unseal(root, records, systemRandom)
      assert.equal(restarted.generation, 2)
      assert.equal(restarted.open('session', old, CONTEXT).text(), 'old')
      assert.equal(restarted.open('session', young, CONTEXT).text(), 'young')
    }
  })

  test('sealed bytes relabelled as another generation do not open', async () => {
    const { root, keyring } = await newKeyring()
    await keyring.admit(root, await keyring.rotate(root, NOW))
    const relabelled = Buffer.from(keyring.seal('session', Buffer.from('value'), CONTEXT))
    relabelled.writeUInt32BE(1, 1)
    assert.throws(() => keyring.open('session', relabelled, CONTEXT), OpenFailure)
    relabelled.writeUInt32BE(3, 1)
    assert.throws(() => keyring.open('session', relabelled, CONTEXT), OpenFailure)
  })

  test('an old key put in the row of a newer one stops the start', async () => {
    const { root, keyring, record } = await newKeyring()
    const second = await keyring.rotate(root, NOW)
    const swapped = { ...second, wrapped: record.wrapped }
    await assert.rejects(Keyring.unseal(root, [record, swapped], systemRandom), RootKeyError)
  })

  test('another root key stops the start and both are named', async () => {
    const { root, record } = await newKeyring()
    const other = openMemoryRootKey(systemRandom)
    await assert.rejects(Keyring.unseal(other, [record], systemRandom), (failure) => {
      assert.ok(failure instanceof RootKeyError)
      assert.ok(failure.message.includes(root.id) && failure.message.includes(other.id))
      return true
    })
  })

  test('a record whose root key id was forged still stops the start', async () => {
    const { record } = await newKeyring()
    const other = openMemoryRootKey(systemRandom)
    const forged = { ...record, rootKeyId: other.id }
    await assert.rejects(Keyring.unseal(other, [forged], systemRandom), RootKeyError)
  })

  test('no stored generation is an error, not a new key', async () => {
    await assert.rejects(Keyring.unseal(openMemoryRootKey(systemRandom), [], systemRandom), RootKeyError)
  })
})

describe('the key-encryption key', () => {
  test('is wiped wherever it was handed around, and printing the keyring shows none of it', async () => {
    const { root, handed } = watched(openMemoryRootKey(systemRandom))
    const { keyring } = await Keyring.create(root, systemRandom, NOW)
    assert.equal(handed.length, 2)
    assert.ok(handed.every((key) => key.every((byte) => byte === 0)))
    assert.equal(JSON.stringify(keyring), '{}')
    assert.equal(inspect(keyring, { showHidden: true }), 'Keyring { [generation]: [Getter] }')
  })

  test('is fetched at the start, and no call touches the root key again', async () => {
    const { root, handed } = watched(openMemoryRootKey(systemRandom))
    const { keyring } = await Keyring.create(root, systemRandom, NOW)
    const atStart = handed.length
    keyring.open('session', keyring.seal('session', Buffer.from('value'), CONTEXT), CONTEXT)
    keyring.macKey('trail-lane')
    assert.equal(handed.length, atStart)
  })
})

describe('macKey', () => {
  test('differs by purpose and generation, and is the same after a restart', async () => {
    const { root, keyring, record } = await newKeyring()
    const second = await keyring.rotate(root, NOW)
    await keyring.admit(root, second)
    const keys = PURPOSES.flatMap((purpose) => [keyring.macKey(purpose, 1), keyring.macKey(purpose, 2)])
    assert.equal(new Set(keys.map(mac)).size, keys.length)

    const restarted = await Keyring.unseal(root, [record, second], systemRandom)
    assert.equal(mac(restarted.macKey('trail-lane', 1)), mac(keyring.macKey('trail-lane', 1)))
    assert.equal(mac(restarted.macKey('trail-lane')), mac(keyring.macKey('trail-lane', 2)))
  })

  test('of a generation the keyring does not hold is a failure', async () => {
    const { keyring } = await newKeyring()
    assert.throws(() => keyring.macKey('trail-lane', 2), OpenFailure)
  })
})

async function newKeyring() {
  const root = openMemoryRootKey(systemRandom)
  return { root, ...(await Keyring.create(root, systemRandom, NOW)) }
}

/** Keeps every plain key that passes through a root key, the arrays themselves and not copies. */
function watched(inner: RootKey): { root: RootKey; handed: Uint8Array[] } {
  const handed: Uint8Array[] = []
  const root: RootKey = {
    id: inner.id,
    wrap(key, place) {
      handed.push(key)
      return inner.wrap(key, place)
    },
    async unwrap(wrapped, place) {
      const key = await inner.unwrap(wrapped, place)
      handed.push(key)
      return key
    },
  }
  return { root, handed }
}

function generationOf(sealed: Uint8Array): number {
  return Buffer.from(sealed).readUInt32BE(1)
}

function mac(key: KeyObject): string {
  return createHmac('sha256', key).update('message').digest('hex')
}
