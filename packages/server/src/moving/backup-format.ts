import { createCipheriv, createDecipheriv, createHash, createSecretKey, type KeyObject } from 'node:crypto'
import { promisify } from 'node:util'
import { zstdCompress, zstdDecompress } from 'node:zlib'
import { MoveRefused } from './mark.ts'

// The file, byte by byte, is in README.md. Here are its parts.

export const MAGIC = Buffer.from('lockstep backup\n')
export const FORMAT = 1
/** Magic, format (4), length of the header (4). */
export const PREAMBLE_BYTES = MAGIC.length + 8
/** Of a frame's ciphertext, before each frame. */
export const LENGTH_BYTES = 4
export const TAG_BYTES = 16
/** What the backup's own key is wrapped for by the root key. */
export const KEY_CONTEXT = 'lockstep backup key, format 1'
/** Far above a header's. */
export const HEADER_MAX_BYTES = 64 * 1024
/** Far above a page of the largest rows: what a damaged length cannot make us reserve. */
export const FRAME_MAX_BYTES = 1024 * 1024 * 1024

const CIPHER = 'aes-256-gcm'
const NONCE_BYTES = 12

/** What the file says in the clear, and no more than somebody needs who has to find the right key and version. */
export interface Header {
  /** Of the rows; a restore brings it forward from there. */
  readonly schema: number
  /** ISO 8601 */
  readonly createdAt: string
  /** `RootKey.id` of the key that opens it. */
  readonly rootKeyId: string
  /** The key of the frames, wrapped by the root key, in base64. */
  readonly wrappedKey: string
}

/** Everything before the first frame. */
export function headerBytes(header: Header): Uint8Array {
  const json = Buffer.from(JSON.stringify(header))
  const lengths = Buffer.alloc(8)
  lengths.writeUInt32BE(FORMAT, 0)
  lengths.writeUInt32BE(json.length, 4)
  return Buffer.concat([MAGIC, lengths, json])
}

/** @throws MoveRefused for text that no {@link headerBytes} wrote. */
export function parseHeader(text: string): Header {
  // Looked at member by member below; nothing of it is believed before a frame has been opened with it.
  let found: Partial<Record<keyof Header, unknown>>
  try {
    found = JSON.parse(text) as typeof found
  } catch {
    throw damaged('Its header is not readable.')
  }
  const { schema, createdAt, rootKeyId, wrappedKey } = found ?? {}
  if (
    !Number.isSafeInteger(schema) ||
    typeof createdAt !== 'string' ||
    typeof rootKeyId !== 'string' ||
    typeof wrappedKey !== 'string'
  ) {
    throw damaged('Its header is not readable.')
  }
  return { schema: Number(schema), createdAt, rootKeyId, wrappedKey }
}

/** Seals and opens the frames of one file. Its key is this file's alone, so a counter makes each nonce unique. */
export class Frames {
  readonly #key: KeyObject
  readonly #file: Uint8Array

  /** @param key 32 bytes, copied. @param before Everything before the first frame: each frame is bound to it. */
  constructor(key: Uint8Array, before: Uint8Array) {
    this.#key = createSecretKey(key)
    this.#file = createHash('sha256').update(before).digest()
  }

  /** The frame with its length and tag. */
  async seal(index: number, isLast: boolean, content: Uint8Array): Promise<Uint8Array> {
    const packed = await compress(content)
    const cipher = createCipheriv(CIPHER, this.#key, nonceOf(index), { authTagLength: TAG_BYTES })
    cipher.setAAD(this.#place(index, isLast))
    const ciphertext = cipher.update(packed)
    cipher.final()
    const length = Buffer.alloc(LENGTH_BYTES)
    length.writeUInt32BE(ciphertext.length)
    return Buffer.concat([length, ciphertext, cipher.getAuthTag()])
  }

  /** @param sealed Ciphertext and tag. Answers nothing where they are not this frame of this file. */
  async open(index: number, isLast: boolean, sealed: Uint8Array): Promise<Uint8Array | undefined> {
    const tagAt = sealed.length - TAG_BYTES
    const decipher = createDecipheriv(CIPHER, this.#key, nonceOf(index), { authTagLength: TAG_BYTES })
    decipher.setAAD(this.#place(index, isLast))
    decipher.setAuthTag(sealed.subarray(tagAt))
    const packed = decipher.update(sealed.subarray(0, tagAt))
    try {
      decipher.final()
    } catch {
      return undefined
    }
    return decompress(packed)
  }

  #place(index: number, isLast: boolean): Uint8Array {
    const place = Buffer.alloc(9)
    place.writeBigUInt64BE(BigInt(index))
    place.writeUInt8(isLast ? 1 : 0, 8)
    return Buffer.concat([this.#file, place])
  }
}

export function damaged(how: string): MoveRefused {
  return new MoveRefused(
    `The backup is damaged, or was changed. ${how} Nothing was written. Take another copy of it.`,
  )
}

// In libuv's pool: the next page is read meanwhile. Values are ciphertext and stay as large as they are; the
// trail shrinks to a fifth.
const compress = promisify(zstdCompress)
const decompress = promisify(zstdDecompress)

function nonceOf(index: number): Uint8Array {
  const nonce = Buffer.alloc(NONCE_BYTES)
  nonce.writeBigUInt64BE(BigInt(index), NONCE_BYTES - 8)
  return nonce
}
