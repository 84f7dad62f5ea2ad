import { createPrivateKey, generateKeyPair, type KeyObject, sign } from 'node:crypto'
import { promisify } from 'node:util'
import type { Keyring } from '../keyring/keyring.ts'
import type { Clock } from '../platform/clock.ts'
import type { Random } from '../platform/random.ts'
import type { Signer as SignerRecord } from '../store/notices.ts'
import type { Lock, Place, Store } from '../store/store.ts'
import { selfSignedCertificate } from './certificate.ts'

/** As AWS's own signing key has. */
const MODULUS_BITS = 2_048
const LIFETIME_MS = 365 * 86_400_000
/** A key signs no more this long before its certificate ends: whoever gets a notice may look at it later. */
const RENEW_BEFORE_MS = 90 * 86_400_000
/** Clocks of receivers may be behind. */
const BACKDATED_MS = 86_400_000

/** What AWS calls 1 and 2. @see https://docs.aws.amazon.com/sns/latest/dg/sns-verify-signature-of-message.html */
export type SignatureVersion = '1' | '2'
const DIGESTS = { '1': 'sha1', '2': 'sha256' } as const

interface SigningKey {
  readonly id: string
  readonly key: KeyObject
  readonly expiresAt: Date
}

export interface SignerRooms {
  readonly store: Store
  readonly keyring: Keyring
  readonly random: Random
  readonly clock: Clock
}

const makeKeyPair = promisify(generateKeyPair)

/** Signs what HTTP subscriptions get, with one key for each account and region, made when it is first needed. */
export class Signer {
  readonly #rooms: SignerRooms
  readonly #keys = new Map<string, Promise<SigningKey>>()

  constructor(rooms: SignerRooms) {
    this.#rooms = rooms
  }

  /** @param place Account and region whose key signs. Answers which key did, and the signature in base64. */
  async sign(
    place: Place,
    text: string,
    version: SignatureVersion,
  ): Promise<{ readonly certificateId: string; readonly signature: string }> {
    const { id, key } = await this.#key(place)
    return { certificateId: id, signature: sign(DIGESTS[version], Buffer.from(text), key).toString('base64') }
  }

  async #key(place: Place): Promise<SigningKey> {
    const name = `${place.account}/${place.region}`
    const known = this.#keys.get(name)
    if (known) {
      const key = await known
      if (this.#isGood(key)) return key
    }
    const finding = this.#find(place)
    this.#keys.set(name, finding)
    try {
      return await finding
    } catch (error) {
      this.#keys.delete(name)
      throw error
    }
  }

  async #find(place: Place): Promise<SigningKey> {
    const { store } = this.#rooms
    const held = await store.read.notices.signer(place)
    if (held && this.#isGood(held)) return this.#open(held)
    const made = await this.#make(place)
    const kept = await store.write(async (tx) => {
      const others = await tx.notices.signer(place)
      if (others && this.#isGood(others)) return others
      await tx.notices.addSigner(made)
      return made
    }, lockOf(place))
    return this.#open(kept)
  }

  async #make(place: Place): Promise<SignerRecord> {
    const { random, clock, keyring } = this.#rooms
    const keys = await makeKeyPair('rsa', { modulusLength: MODULUS_BITS })
    const id = Buffer.from(random.bytes(16)).toString('hex')
    const now = clock.now().getTime()
    const expiresAt = new Date(now + LIFETIME_MS)
    const certificate = selfSignedCertificate(keys, {
      commonName: `sns.${place.region}.lockstep`,
      serial: Buffer.from(id, 'hex'),
      notBefore: new Date(now - BACKDATED_MS),
      notAfter: expiresAt,
    })
    const bytes = keys.privateKey.export({ type: 'pkcs8', format: 'der' })
    const sealedKey = keyring.seal('notice-signing', bytes, contextOf(place, id))
    bytes.fill(0)
    return { ...place, id, sealedKey, certificate, expiresAt }
  }

  #open({ account, region, id, sealedKey, expiresAt }: SignerRecord): SigningKey {
    const context = contextOf({ account, region }, id)
    using bytes = this.#rooms.keyring.open('notice-signing', sealedKey, context)
    const der = Buffer.from(bytes.reveal())
    const key = createPrivateKey({ key: der, format: 'der', type: 'pkcs8' })
    der.fill(0)
    return { id, key, expiresAt }
  }

  #isGood({ expiresAt }: { readonly expiresAt: Date }): boolean {
    return expiresAt.getTime() - this.#rooms.clock.now().getTime() > RENEW_BEFORE_MS
  }
}

/** Held by whoever makes a key. */
function lockOf({ account, region }: Place): Lock {
  return { account, region, name: 'sns-signer' }
}

function contextOf({ account, region }: Place, id: string) {
  return { account, region, signer: id }
}
