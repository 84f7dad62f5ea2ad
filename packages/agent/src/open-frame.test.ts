import assert from 'node:assert/strict'
import { createPublicKey, generateKeyPairSync, sign } from 'node:crypto'
import { describe, test } from 'node:test'
import type { FrameBody } from '@lockstep/wire'
import fc from 'fast-check'
import { openFrame } from './open-frame.ts'

const server = generateKeyPairSync('ed25519').privateKey
const stranger = generateKeyPairSync('ed25519').privateKey
const NOW = new Date('2026-01-15T10:00:00Z')
const KNOWN = { serverKey: createPublicKey(server), node: 'mi-1', now: NOW, generation: 5 }
const ADDRESSED = { node: 'mi-1', issuedAt: NOW.toISOString() }

function lineOf(body: object, key = server): string {
  const text = JSON.stringify(body)
  return JSON.stringify({ body: text, signature: sign(null, Buffer.from(text), key).toString('base64') })
}

function command(notAfter: string, node = 'mi-1'): FrameBody {
  return { ...ADDRESSED, node, kind: 'command', command: { commandId: 'c-1', notAfter, steps: [] } }
}

function desired(generation: number): FrameBody {
  return { ...ADDRESSED, kind: 'desired', desired: { generation, associations: [] } }
}

const IN_TIME = '2026-01-15T10:00:01Z'

describe('a frame', () => {
  test('of the pinned server, for this node, in time is obeyed', () => {
    for (const body of [
      command(IN_TIME),
      desired(5),
      desired(6),
      { ...ADDRESSED, kind: 'ping' } as const,
      { ...ADDRESSED, kind: 'cancel', commandId: 'c-1' } as const,
    ])
      assert.deepEqual(openFrame(lineOf(body), KNOWN), body)
  })

  test('that somebody else signed is forged, whatever it says', () => {
    assert.equal(openFrame(lineOf(command(IN_TIME), stranger), KNOWN), 'forged')
    assert.equal(openFrame(lineOf({ kind: 'nonsense' }, stranger), KNOWN), 'forged')
  })

  test('of which a single character is another is forged', () => {
    const frame = JSON.parse(lineOf(command(IN_TIME))) as {
      readonly body: string
      readonly signature: string
    }
    fc.assert(
      fc.property(fc.nat(frame.body.length - 1), fc.string({ minLength: 1, maxLength: 1 }), (at, other) => {
        const body = frame.body.slice(0, at) + other + frame.body.slice(at + 1)
        fc.pre(body !== frame.body)
        assert.equal(openFrame(JSON.stringify({ ...frame, body }), KNOWN), 'forged')
      }),
    )
  })

  test('for another node is foreign', () => {
    assert.equal(openFrame(lineOf(command(IN_TIME, 'mi-2')), KNOWN), 'foreign')
  })

  test('with a command whose time is over, or is none, is late', () => {
    assert.equal(openFrame(lineOf(command(NOW.toISOString())), KNOWN), 'late')
    assert.equal(openFrame(lineOf(command('2026-01-15T09:59:59Z')), KNOWN), 'late')
    assert.equal(openFrame(lineOf(command('never')), KNOWN), 'late')
  })

  test('with a lower generation than the one that is held is outdated', () => {
    assert.equal(openFrame(lineOf(desired(4)), KNOWN), 'outdated')
  })

  test('of a kind that a newer server knows is passed over', () => {
    assert.equal(openFrame(lineOf({ ...ADDRESSED, kind: 'dance' }), KNOWN), 'unknown')
  })

  test('that is none is malformed or forged, and never throws', () => {
    const line = fc.oneof(
      fc.string(),
      fc.json(),
      fc.json().map((body) => JSON.stringify({ body, signature: 'AAAA' })),
    )
    fc.assert(
      fc.property(line, (text) => {
        assert.match(String(openFrame(text, KNOWN)), /^(malformed|forged)$/)
      }),
    )
  })
})
