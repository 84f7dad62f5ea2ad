import { encodeContext } from '../keyring/context.ts'
import { decryptUnder, encryptUnder, KEY_BYTES, keyFrom } from '../keyring/data-key.ts'
import type { Keyring } from '../keyring/keyring.ts'
import { OpenFailure } from '../keyring/open-failure.ts'
import { Plaintext } from '../platform/plaintext.ts'
import type { Random } from '../platform/random.ts'
import type { MaterialRecord } from '../store/keys.ts'
import { type Blob, blobHeader } from './blob.ts'
import type { KeyDoors } from './doors.ts'
import { invalidCiphertext, malformedContext } from './errors.ts'
import { keyCache, type OpenMaterial } from './key-cache.ts'
import { keyArn } from './key-id.ts'
import type { KmsKey } from './kms-key.ts'

/** AWS's KeyMaterialId has 64 hexadecimal digits. */
const MATERIAL_ID_BYTES = 32

export type EncryptionContext = Readonly<Record<string, string>>

/** Makes one generation of a key's material. Its bytes exist in the clear in this function only. */
export function newMaterial(
  { keyring, random }: { readonly keyring: Keyring; readonly random: Random },
  key: { readonly account: string; readonly region: string; readonly id: string },
  which: Pick<MaterialRecord, 'generation' | 'cause' | 'createdAt'>,
): MaterialRecord {
  const id = Buffer.from(random.bytes(MATERIAL_ID_BYTES)).toString('hex')
  using bytes = new Plaintext(random.bytes(KEY_BYTES))
  return { ...which, id, sealed: keyring.seal('kms-material', bytes.reveal(), placeOf(key, id)) }
}

function placeOf(key: Parameters<typeof keyArn>[0], materialId: string) {
  return { account: key.account, keyArn: keyArn(key), materialId }
}

/** What Encrypt answers: under the key's newest material, bound to the key and the encryption context. */
export async function encrypt(
  ctx: KeyDoors,
  key: KmsKey,
  plaintext: Uint8Array,
  encryptionContext: EncryptionContext,
): Promise<Uint8Array> {
  const { secret } = (await openMaterial(ctx, key, key.generation)) ?? missing(key)
  const header = blobHeader(key)
  const aad = Buffer.concat([header, encoded(encryptionContext)])
  return Buffer.concat([header, encryptUnder(secret, plaintext, aad, ctx.random)])
}

/** Undoes {@link encrypt}. @throws InvalidCiphertextException for anything else. */
export async function decrypt(
  ctx: KeyDoors,
  key: KmsKey,
  { name, header, sealed }: Blob,
  encryptionContext: EncryptionContext,
): Promise<{ readonly plaintext: Plaintext; readonly materialId: string }> {
  const opened = await openMaterial(ctx, key, name.generation)
  if (!opened) throw invalidCiphertext()
  const aad = Buffer.concat([header, encoded(encryptionContext)])
  try {
    return { plaintext: decryptUnder(opened.secret, sealed, aad), materialId: opened.id }
  } catch (error) {
    throw error instanceof OpenFailure ? invalidCiphertext() : error
  }
}

async function openMaterial(
  ctx: KeyDoors,
  key: KmsKey,
  generation: number,
): Promise<OpenMaterial | undefined> {
  const name = `${key.arn}/${generation}`
  const { materials } = keyCache(ctx)
  const held = materials.get(name)
  if (held) return held
  const record = await ctx.store.keys.material(key, key.id, generation)
  if (!record) return undefined
  using bytes = ctx.keyring.open('kms-material', record.sealed, placeOf(key, record.id))
  const opened = { id: record.id, secret: keyFrom(bytes) }
  if (ctx.access === 'read') materials.set(name, opened)
  return opened
}

function missing(key: KmsKey): never {
  throw new Error(`Generation ${key.generation} of ${key.arn} is not in the store`)
}

function encoded(encryptionContext: EncryptionContext): Uint8Array {
  try {
    return encodeContext(encryptionContext)
  } catch (error) {
    throw error instanceof TypeError ? malformedContext() : error
  }
}
