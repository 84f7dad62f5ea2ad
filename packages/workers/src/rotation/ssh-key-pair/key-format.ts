/** Keys as OpenSSH writes them, which node:crypto reads and writes only in part. */
import { createPublicKey, generateKeyPair, type KeyObject, randomBytes } from 'node:crypto'
import { promisify } from 'node:util'
import type { AuthorizedKey } from '../../ssh/authorized-keys-script.ts'
import type { KeyType } from './settings.ts'

const MAGIC = 'openssh-key-v1\0'
/** What OpenSSH's own files have in a line. */
const LINE_CHARACTERS = 70
/** Unencrypted keys are padded to the block size of no cipher, which is 8. */
const BLOCK_BYTES = 8

export interface KeyPairText {
  /** What `ssh -i` and `ssh-keygen -y` load. */
  readonly privateKey: string
  /** One line whose comment is the token. */
  readonly publicKey: string
}

const generate = promisify(generateKeyPair)

export async function newKeyPair(type: KeyType, token: string): Promise<KeyPairText> {
  if (type.name === 'ed25519') {
    const { privateKey, publicKey } = await generate('ed25519', {})
    return { privateKey: ed25519File(privateKey, token), publicKey: publicLine(publicKey, token) }
  }
  const { privateKey, publicKey } = await generate('rsa', { modulusLength: type.bits })
  const pem = privateKey.export({ type: 'pkcs1', format: 'pem' })
  return { privateKey: String(pem), publicKey: publicLine(publicKey, token) }
}

/**
 * An Ed25519 key as `ssh-keygen -t ed25519` writes one without a passphrase.
 * @see https://cvsweb.openbsd.org/src/usr.bin/ssh/PROTOCOL.key?annotate=HEAD
 */
export function ed25519File(privateKey: KeyObject, comment: string): string {
  const { d = '', x = '' } = privateKey.export({ format: 'jwk' })
  const [seed, point] = [Buffer.from(d, 'base64url'), Buffer.from(x, 'base64url')]
  const check = randomBytes(4)
  const secret = Buffer.concat([
    check,
    check,
    string('ssh-ed25519'),
    string(point),
    string(Buffer.concat([seed, point])),
    string(comment),
  ])
  const missing = (BLOCK_BYTES - (secret.length % BLOCK_BYTES)) % BLOCK_BYTES
  const padding = Buffer.from(Array.from({ length: missing }, (_, n) => n + 1))
  const file = Buffer.concat([
    Buffer.from(MAGIC),
    string('none'),
    string('none'),
    string(''),
    uint32(1),
    string(publicBlob(createPublicKey(privateKey)).blob),
    string(Buffer.concat([secret, padding])),
  ])
  const lines = file.toString('base64').match(new RegExp(`.{1,${LINE_CHARACTERS}}`, 'g')) ?? []
  const name = 'OPENSSH PRIVATE KEY'
  return [`-----BEGIN ${name}-----`, ...lines, `-----END ${name}-----`, ''].join('\n')
}

/** `ssh-ed25519 AAAA… comment`. */
export function publicLine(publicKey: KeyObject, comment: string): string {
  const { type, blob } = publicBlob(publicKey)
  return `${type} ${blob.toString('base64')} ${comment}`
}

/** @see https://www.rfc-editor.org/rfc/rfc4253#section-6.6 and RFC 8709 for Ed25519 */
function publicBlob(publicKey: KeyObject): { readonly type: string; readonly blob: Buffer } {
  const { x = '', e = '', n = '' } = publicKey.export({ format: 'jwk' })
  if (publicKey.asymmetricKeyType === 'ed25519') {
    const type = 'ssh-ed25519'
    return { type, blob: Buffer.concat([string(type), string(Buffer.from(x, 'base64url'))]) }
  }
  const type = 'ssh-rsa'
  return { type, blob: Buffer.concat([string(type), mpint(e), mpint(n)]) }
}

const PUBLIC_LINE =
  /^\s*(ssh-ed25519|ssh-rsa|ecdsa-sha2-nistp(?:256|384|521)) ([A-Za-z0-9+/]{40,2000}={0,2})(?:[ \t][^\r\n]*)?\s*$/

/** A public key that somebody wrote, as the line of a version; undefined where it is none. Its options are not taken. */
export function authorizedKeyOf(text: unknown, token: string): AuthorizedKey | undefined {
  const [, type, blob = ''] = (typeof text === 'string' && PUBLIC_LINE.exec(text)) || []
  if (type === undefined) return undefined
  const named = Buffer.from(blob, 'base64').subarray(0, 4 + type.length)
  return named.equals(string(type)) ? { token, line: `${type} ${blob} ${token}` } : undefined
}

function uint32(value: number): Buffer {
  const bytes = Buffer.alloc(4)
  bytes.writeUInt32BE(value)
  return bytes
}

function string(content: string | Buffer): Buffer {
  const bytes = Buffer.from(content)
  return Buffer.concat([uint32(bytes.length), bytes])
}

/** A positive number: one that begins with a set bit gets a zero byte before it. */
function mpint(base64url: string): Buffer {
  const bytes = Buffer.from(base64url, 'base64url')
  return string((bytes[0] ?? 0) >= 0x80 ? Buffer.concat([Buffer.alloc(1), bytes]) : bytes)
}
