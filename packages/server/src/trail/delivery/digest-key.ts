import { createHash, createPrivateKey, createPublicKey, generateKeyPair, type KeyObject } from 'node:crypto'
import { promisify } from 'node:util'
import type { Keyring } from '../../keyring/keyring.ts'
import type { DigestKeyRecord } from '../../store/deliveries.ts'
import type { Store } from '../../store/store.ts'

/** The key that signs digests, opened. */
export interface DigestKey {
  readonly privateKey: KeyObject
  readonly fingerprint: string
}

/** CloudTrail's own keys are of this length. */
const MODULUS_BITS = 2048
const FINGERPRINT_LENGTH = 32
const CONTEXT = { key: 'digests' }

const newKeyPair = promisify(generateKeyPair)

/**
 * The key that signs digests, made at its first use. The stored public key is not asked: whoever can edit the
 * database can put another in its place, but cannot seal its private key.
 * @throws OpenFailure when the stored key is not one that this keyring sealed.
 */
export async function digestKey(store: Store, keyring: Keyring, now: Date): Promise<DigestKey> {
  const stored = (await store.read.deliveries.digestKey()) ?? (await makeKey(store, keyring, now))
  using pkcs8 = keyring.open('trail-digest', stored.sealedPrivateKey, CONTEXT)
  const bytes = pkcs8.reveal()
  const key = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length)
  const privateKey = createPrivateKey({ key, format: 'der', type: 'pkcs8' })
  const publicKey = createPublicKey(privateKey).export({ format: 'der', type: 'pkcs1' })
  return { privateKey, fingerprint: fingerprintOf(publicKey) }
}

/** As digests and ListPublicKeys name a key. Amazon says of it only that it is hexadecimal. */
export function fingerprintOf(publicKey: Uint8Array): string {
  return createHash('sha256').update(publicKey).digest('hex').slice(0, FINGERPRINT_LENGTH)
}

async function makeKey(store: Store, keyring: Keyring, now: Date): Promise<DigestKeyRecord> {
  const { publicKey, privateKey } = await newKeyPair('rsa', { modulusLength: MODULUS_BITS })
  const pkcs8 = privateKey.export({ format: 'der', type: 'pkcs8' })
  try {
    const made: DigestKeyRecord = {
      publicKey: publicKey.export({ format: 'der', type: 'pkcs1' }),
      sealedPrivateKey: keyring.seal('trail-digest', pkcs8, CONTEXT),
      createdAt: now,
    }
    // Another server may have made one in the same moment; the one that is stored counts.
    return await store.write(async ({ deliveries }) => {
      await deliveries.addDigestKey(made)
      return (await deliveries.digestKey()) ?? made
    })
  } finally {
    pkcs8.fill(0)
  }
}
