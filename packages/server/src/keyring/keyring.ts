import { createSecretKey, hkdfSync, type KeyObject } from 'node:crypto'
import type { Plaintext } from '../platform/plaintext.ts'
import type { Random } from '../platform/random.ts'
import { openUnder, sealUnder } from './aead.ts'
import { encodeContext, type SealContext } from './context.ts'
import { KEY_BYTES } from './data-key.ts'
import { OpenFailure } from './open-failure.ts'
import { type RootKey, RootKeyError } from './root-keys/root-key.ts'

/**
 * What the server seals or authenticates under its own keys. Each has keys of its own, so that bytes made
 * for one use never pass in another. The words are part of the derivation: renaming one loses its data.
 */
const PURPOSES = [
  'kms-material',
  'access-key',
  'session',
  'page-token',
  'function-environment',
  'trail-signing',
  'trail-lane',
  'trail-digest',
  'notice',
  'bus-event',
  'notice-signing',
  'function-environment',
  'function-event',
] as const
export type Purpose = (typeof PURPOSES)[number]

/** `version (1) | generation (uint32) | salt | nonce | ciphertext | tag`, see aead.ts for the last four. */
export type Sealed = Uint8Array

/** One key-encryption key as it is stored: safe to keep beside the data, useless without the root key. */
export interface GenerationRecord {
  /** Counts from 1. The highest seals; all of them open. */
  readonly generation: number
  readonly wrapped: Uint8Array
  /** {@link RootKey.id} of the key that wrapped it. */
  readonly rootKeyId: string
  readonly createdAt: Date
}

const FORMAT = 1
const GENERATION_AT = 1
const HEADER_BYTES = 5
const LABEL = Buffer.from('lockstep/sealed/')

interface Generation {
  readonly number: number
  readonly header: Uint8Array
  readonly sealKeys: ReadonlyMap<Purpose, KeyObject>
  readonly macKeys: ReadonlyMap<Purpose, KeyObject>
}

/**
 * The unsealed key-encryption keys, by generation. The root key is used to get one and never again: every
 * call after that is synchronous and stays in this process.
 */
export class Keyring {
  readonly #random: Random
  readonly #generations = new Map<number, Generation>()
  #newest: Generation

  private constructor(first: Generation, random: Random) {
    this.#random = random
    this.#newest = first
    this.#generations.set(first.number, first)
  }

  /** The keyring of a first start. Store `record` before anything sealed with the keyring. */
  static async create(
    root: RootKey,
    random: Random,
    createdAt: Date,
  ): Promise<{ keyring: Keyring; record: GenerationRecord }> {
    const record = await wrapNew(1, root, random, createdAt)
    return { keyring: await Keyring.unseal(root, [record], random), record }
  }

  /**
   * Opens every stored generation, in whatever order they come.
   * @throws RootKeyError when there are none, or the root key is not theirs.
   */
  static async unseal(root: RootKey, records: readonly GenerationRecord[], random: Random): Promise<Keyring> {
    const [first, ...others] = records
    if (!first) throw new RootKeyError('There is no stored key-encryption key to unseal.')
    const keyring = new Keyring(await unwrapGeneration(root, first), random)
    // One after another: a passphrase takes 128 MiB of memory for each.
    for (const record of others) await keyring.admit(root, record)
    return keyring
  }

  /** The generation that seals. */
  get generation(): number {
    return this.#newest.number
  }

  /**
   * Makes the generation after the newest. It is not in use yet: store the record, then {@link admit} it,
   * so that no crash can leave data sealed under a key that was never stored.
   */
  rotate(root: RootKey, createdAt: Date): Promise<GenerationRecord> {
    return wrapNew(this.generation + 1, root, this.#random, createdAt)
  }

  /**
   * Takes in a stored generation. If it is the newest, it seals from now on; the others go on opening.
   * @throws RootKeyError when the root key is not the record's.
   */
  async admit(root: RootKey, record: GenerationRecord): Promise<void> {
    const admitted = await unwrapGeneration(root, record)
    this.#generations.set(admitted.number, admitted)
    if (admitted.number > this.#newest.number) this.#newest = admitted
  }

  /** Seals `plaintext`, which is left as it was, for one purpose and the place `context` names. */
  seal(purpose: Purpose, plaintext: Uint8Array, context: SealContext): Sealed {
    const { sealKeys, header } = this.#newest
    const binding = { label: LABEL, header, aad: encodeContext(context) }
    return sealUnder(keyFor(sealKeys, purpose), plaintext, binding, this.#random)
  }

  /** Undoes {@link seal}, whichever generation sealed. @throws OpenFailure for anything else. */
  open(purpose: Purpose, sealed: Sealed, context: SealContext): Plaintext {
    if (sealed.length < HEADER_BYTES) throw new OpenFailure()
    const { sealKeys, header } = this.#find(generationOf(sealed))
    return openUnder(keyFor(sealKeys, purpose), sealed, { label: LABEL, header, aad: encodeContext(context) })
  }

  /**
   * A key for HMAC-SHA256, unrelated to the one that seals for the same purpose. What it authenticates must
   * keep {@link generation} beside it, to ask for the same key after a rotation.
   * @throws OpenFailure for a generation this keyring does not hold.
   */
  macKey(purpose: Purpose, generation: number = this.generation): KeyObject {
    return keyFor(this.#find(generation).macKeys, purpose)
  }

  #find(number: number): Generation {
    const generation = this.#generations.get(number)
    if (!generation) throw new OpenFailure()
    return generation
  }
}

async function wrapNew(
  generation: number,
  root: RootKey,
  random: Random,
  createdAt: Date,
): Promise<GenerationRecord> {
  const key = random.bytes(KEY_BYTES)
  const wrapped = await root.wrap(key, wrapContext(generation))
  key.fill(0)
  return { generation, wrapped, rootKeyId: root.id, createdAt }
}

async function unwrapGeneration(root: RootKey, record: GenerationRecord): Promise<Generation> {
  if (record.rootKeyId !== root.id) {
    throw new RootKeyError(
      `The stored data was sealed with root key ${record.rootKeyId}, and this is ${root.id}. Start with the root key it was sealed with.`,
    )
  }
  const key = await root.unwrap(record.wrapped, wrapContext(record.generation))
  try {
    return deriveGeneration(record.generation, key)
  } finally {
    key.fill(0)
  }
}

// The number is bound too, so that an old key put in a newer one's row is noticed at the start.
function wrapContext(generation: number): string {
  return `lockstep key-encryption key, generation ${generation}`
}

/** Derives all keys at once: the key-encryption key itself need not outlive this function. */
function deriveGeneration(number: number, keyEncryptionKey: Uint8Array): Generation {
  const derive = (use: 'seal' | 'mac') =>
    new Map(PURPOSES.map((purpose) => [purpose, deriveKey(keyEncryptionKey, `lockstep/${use}/${purpose}`)]))
  const header = Buffer.alloc(HEADER_BYTES, FORMAT)
  header.writeUInt32BE(number, GENERATION_AT)
  return { number, header, sealKeys: derive('seal'), macKeys: derive('mac') }
}

/** HKDF-SHA256. No salt: the input is uniformly random already. @see RFC 5869, section 3.1 */
function deriveKey(keyEncryptionKey: Uint8Array, info: string): KeyObject {
  const bytes = Buffer.from(hkdfSync('sha256', keyEncryptionKey, '', info, KEY_BYTES))
  const key = createSecretKey(bytes)
  bytes.fill(0)
  return key
}

function keyFor(keys: ReadonlyMap<Purpose, KeyObject>, purpose: Purpose): KeyObject {
  const key = keys.get(purpose)
  if (!key) throw new Error(`No key was derived for purpose ${purpose}`)
  return key
}

function generationOf(sealed: Sealed): number {
  return new DataView(sealed.buffer, sealed.byteOffset).getUint32(GENERATION_AT)
}
