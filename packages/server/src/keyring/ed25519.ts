import { createPrivateKey, type KeyObject } from 'node:crypto'
import type { Random } from '../platform/random.ts'

const SEED_BYTES = 32
/** What stands before the seed in an Ed25519 private key's PKCS #8 form. @see RFC 8410, section 7 */
const PKCS8_PREFIX = Buffer.from('302e020100300506032b657004220420', 'hex')

/** A new private key in PKCS #8, to be sealed and wiped. */
export function newEd25519Key(random: Random): Uint8Array {
  return Buffer.concat([PKCS8_PREFIX, random.bytes(SEED_BYTES)])
}

export function privateKeyIn(pkcs8: Uint8Array): KeyObject {
  return createPrivateKey({
    key: Buffer.from(pkcs8.buffer, pkcs8.byteOffset, pkcs8.length),
    format: 'der',
    type: 'pkcs8',
  })
}
