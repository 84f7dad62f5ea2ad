import assert from 'node:assert/strict'
import { createHmac } from 'node:crypto'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import { systemRandom } from '../platform/random.ts'
import { Keyring, type Purpose } from './keyring.ts'
import { OpenFailure } from './open-failure.ts'
import { openMemoryRootKey } from './root-keys/memory.ts'

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
const bytes = fc.uint8Array({ maxLength: 300 })
const text = fc.string({ unit: 'grapheme', maxLength: 8 })
const context = fc.dictionary(text, text, { maxKeys: 4 })

describe('Keyring.seal and open', () => {
  test('opens to what was sealed, whatever the bytes, the purpose and the context', async () => {
    const { keyring } = await newKeyring()
    fc.assert(
      fc.property(fc.constantFrom(...PURPOSES), bytes, context, (purpose, plaintext, place) => {
        using opened = keyring.open(purpose, keyring.seal(purpose, plaintext, place), place)
        assert.deepEqual(new Uint8Array(opened.reveal()), plaintext)
      }),
    )
  })

  test('does not open with any one bit changed', async () => {
    const { keyring } = await newKeyring()
    fc.assert(
      fc.property(bytes, context, fc.nat(), (plaintext, place, position) => {
        const sealed = keyring.seal('session', plaintext, place)
        assert.throws(() => keyring.open('session', flipBit(sealed, position), place), OpenFailure)
      }),
      { numRuns: 300 },
    )
    const sealed = keyring.seal('session', Buffer.from('short'), CONTEXT)
    for (let bit = 0; bit < sealed.length * 8; bit++) {
      assert.throws(() => keyring.open('session', flipBit(sealed, bit), CONTEXT), OpenFailure)
    }
  })

  test('does not open when cut short or lengthened', async () => {
    const { keyring } = await newKeyring()
    const sealed = keyring.seal('session', Buffer.from('short'), CONTEXT)
    for (let length = 0; length < sealed.length; length++) {
      assert.throws(() => keyring.open('session', sealed.subarray(0, length), CONTEXT), OpenFailure)
    }
    const longer = Buffer.concat([sealed, Buffer.of(0)])
    assert.throws(() => keyring.open('session', longer, CONTEXT), OpenFailure)
  })

  test('does not open in any other context', async () => {
    const { keyring } = await newKeyring()
    fc.assert(
      fc.property(context, context, (sealedFor, openedFor) => {
        fc.pre(!sameRecord(sealedFor, openedFor))
        const sealed = keyring.seal('access-key', Buffer.from('value'), sealedFor)
        assert.throws(() => keyring.open('access-key', sealed, openedFor), OpenFailure)
      }),
    )
    const sealed = keyring.seal('access-key', Buffer.from('value'), CONTEXT)
    for (const name of Object.keys(CONTEXT)) {
      assert.throws(() => keyring.open('access-key', sealed, { ...CONTEXT, [name]: 'other' }), OpenFailure)
    }
  })

  test('does not open for any other purpose', async () => {
    const { keyring } = await newKeyring()
    for (const purpose of PURPOSES) {
      const sealed = keyring.seal(purpose, Buffer.from('value'), CONTEXT)
      for (const other of PURPOSES.filter((candidate) => candidate !== purpose)) {
        assert.throws(
          () => keyring.open(other, sealed, CONTEXT),
          OpenFailure,
          `${purpose} opened as ${other}`,
        )
      }
    }
  })

  test('does not open in another keyring', async () => {
    const [one, other] = [await newKeyring(), await newKeyring()]
    const sealed = one.keyring.seal('session', Buffer.from('value'), CONTEXT)
    assert.throws(() => other.keyring.open('session', sealed, CONTEXT), OpenFailure)
  })

  test('never seals the same bytes to the same bytes twice', async () => {
    const { keyring } = await newKeyring()
    const seals = Array.from({ length: 500 }, () => keyring.seal('session', Buffer.from('value'), CONTEXT))
    assert.equal(new Set(seals.map((sealed) => Buffer.from(sealed).toString('hex'))).size, seals.length)
  })

  test('sealed bytes do not contain the plaintext', async () => {
    const { keyring } = await newKeyring()
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 8, maxLength: 64 }), (plaintext) => {
        const sealed = Buffer.from(keyring.seal('access-key', plaintext, CONTEXT))
        assert.ok(!sealed.includes(Buffer.from(plaintext)))
      }),
    )
  })

  test('every failure says the same, and carries no cause', async () => {
    const { keyring } = await newKeyring()
    const sealed = keyring.seal('session', Buffer.from('value'), CONTEXT)
    const attempts: [Purpose, Uint8Array, Record<string, string>][] = [
      ['session', Buffer.of(), CONTEXT],
      ['session', sealed.subarray(0, 20), CONTEXT],
      ['session', flipBit(sealed, 0), CONTEXT],
      ['session', flipBit(sealed, 39), CONTEXT],
      ['session', flipBit(sealed, sealed.length * 8 - 1), CONTEXT],
      ['access-key', sealed, CONTEXT],
      ['session', sealed, {}],
    ]
    for (const [purpose, changed, place] of attempts) {
      assert.throws(
        () => keyring.open(purpose, changed, place),
        (failure) => {
          assert.ok(failure instanceof OpenFailure)
          assert.equal(failure.message, 'The sealed bytes do not open')
          assert.equal(failure.cause, undefined)
          return true
        },
      )
    }
  })
})

describe('format 1', () => {
  // Made from the written format with another implementation (Python cryptography). Stored data depends on it.
  test('records and bytes sealed by an earlier Lockstep still open', async () => {
    const root = openMemoryRootKey({ ...systemRandom, bytes: (count) => new Uint8Array(count).fill(9) })
    const record = {
      generation: 1,
      wrapped: Buffer.from(
        '01000102030405060708090a0b0c0d0e0f6465666768696a6b6c6d6e6f95b9c0986c951fcc5666488b54339ec365722c1a03e79d6cf39aa3cf798fea79415555a8e50715d5a31fe32937a971a7',
        'hex',
      ),
      rootKeyId: 'memory:58e9e426d1c3dcd0',
      createdAt: NOW,
    }
    const keyring = await Keyring.unseal(root, [record], systemRandom)
    const sealed = Buffer.from(
      '0100000001000102030405060708090a0b0c0d0e0f6465666768696a6b6c6d6e6fb19a09e808116fc2fed3919add14e4d99320083355dfc1cc4f1e3b51',
      'hex',
    )
    assert.equal(keyring.open('access-key', sealed, CONTEXT).text(), 'an old value')
    const mac = createHmac('sha256', keyring.macKey('trail-lane')).update('message').digest('hex')
    assert.equal(mac, '4d35342e8f515d5a17639c6074d6284e231b37838f9e3182091172f1a189f3a0')
  })
})

async function newKeyring() {
  const root = openMemoryRootKey(systemRandom)
  return { root, ...(await Keyring.create(root, systemRandom, NOW)) }
}

function flipBit(sealed: Uint8Array, position: number): Uint8Array {
  const bit = position % (sealed.length * 8)
  return sealed.map((byte, index) => (index === bit >> 3 ? byte ^ (1 << (bit & 7)) : byte))
}

function sameRecord(a: Record<string, string>, b: Record<string, string>): boolean {
  const names = Object.keys(a)
  return names.length === Object.keys(b).length && names.every((name) => a[name] === b[name])
}
