import { createHash, timingSafeEqual } from 'node:crypto'
import type { Random } from '../platform/random.ts'

/** How long a confirmation's token is good. @see https://docs.aws.amazon.com/sns/latest/api/API_Subscribe.html */
export const TOKEN_SECONDS = 3 * 86_400

const SECRET_BYTES = 32
const TOKEN = /^([0-9a-f]{32})([0-9a-f]{64})$/

/** What is compared where there is nothing to compare with, so that a miss costs what a hit does. */
const NOBODYS = new Uint8Array(SECRET_BYTES)

/** A new token for a subscription: which one it is, and 256 bits that nobody can guess. */
export function newToken(
  subscriptionId: string,
  random: Random,
): { readonly token: string; readonly hash: Uint8Array } {
  const secret = Buffer.from(random.bytes(SECRET_BYTES)).toString('hex')
  return { token: `${subscriptionId.replaceAll('-', '')}${secret}`, hash: hashOf(secret) }
}

/** The subscription that a token claims to be for; undefined for what is no token. */
export function subscriptionIdOf(token: string): string | undefined {
  const id = TOKEN.exec(token)?.[1]
  return id?.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5')
}

/** Whether a token is the one whose hash was kept. Takes as long whatever the answer is. */
export function isToken(
  token: string,
  kept: { readonly hash: Uint8Array; readonly expiresAt: Date } | undefined,
  now: Date,
): boolean {
  const given = hashOf(TOKEN.exec(token)?.[2] ?? '')
  const isSame = timingSafeEqual(given, kept?.hash ?? NOBODYS)
  return isSame && kept !== undefined && now < kept.expiresAt
}

function hashOf(secret: string): Uint8Array {
  return createHash('sha256').update(secret).digest()
}
