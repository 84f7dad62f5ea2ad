import { createPublicKey, type KeyObject } from 'node:crypto'
import { newEd25519Key, privateKeyIn } from '../keyring/ed25519.ts'
import type { Keyring } from '../keyring/keyring.ts'
import type { Random } from '../platform/random.ts'
import type { TrailKey } from '../store/trail.ts'
import { fingerprintOf, pemOf } from './checkpoint.ts'

/** The key that signs checkpoints, opened. */
export interface SigningKey {
  readonly privateKey: KeyObject
  /** PEM: show it, and keep it where the server cannot reach. */
  readonly publicKey: string
  readonly fingerprint: string
}

const CONTEXT = { key: 'checkpoints' }

/** A new key pair, the private key sealed. */
export function newTrailKey(keyring: Keyring, random: Random): TrailKey {
  const pkcs8 = newEd25519Key(random)
  try {
    const sealedPrivateKey = keyring.seal('trail-signing', pkcs8, CONTEXT)
    return { publicKey: pemOf(createPublicKey(privateKeyIn(pkcs8))), sealedPrivateKey }
  } finally {
    pkcs8.fill(0)
  }
}

/**
 * Opens the stored key. The stored public key is not asked: whoever can edit the database can put another in
 * its place, but cannot seal its private key.
 * @throws OpenFailure when the sealed key is not one that this keyring made.
 */
export function openTrailKey({ sealedPrivateKey }: TrailKey, keyring: Keyring): SigningKey {
  using pkcs8 = keyring.open('trail-signing', sealedPrivateKey, CONTEXT)
  const privateKey = privateKeyIn(pkcs8.reveal())
  const publicKey = createPublicKey(privateKey)
  return { privateKey, publicKey: pemOf(publicKey), fingerprint: fingerprintOf(publicKey) }
}
