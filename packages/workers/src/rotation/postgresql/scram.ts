import { createHash, createHmac, pbkdf2 } from 'node:crypto'
import { promisify } from 'node:util'
import { RotationError } from '../rotation-error.ts'
import { saslprep } from './saslprep.ts'

const derive = promisify(pbkdf2)

/** What PostgreSQL takes by default, and the least that RFC 7677 allows. */
const ITERATIONS = 4096
const KEY_BYTES = 32
/** As PostgreSQL's own verifiers have it. */
export const SALT_BYTES = 16

/**
 * What PostgreSQL stores of a password, made here: the password itself then never reaches the server, whose log
 * may hold every statement.
 *
 * @see https://www.rfc-editor.org/rfc/rfc5803
 * @see https://www.rfc-editor.org/rfc/rfc7677
 * @throws RotationError for a password that clients prepare in different ways.
 */
export async function scramVerifier(
  password: string,
  salt: Uint8Array,
  iterations = ITERATIONS,
): Promise<string> {
  const prepared = saslprep(password)
  if (prepared === undefined) {
    throw new RotationError('The password has characters that not every client would send alike.')
  }
  const salted = await derive(prepared, salt, iterations, KEY_BYTES, 'sha256')
  const storedKey = createHash('sha256').update(hmac(salted, 'Client Key')).digest('base64')
  const serverKey = hmac(salted, 'Server Key').toString('base64')
  return `SCRAM-SHA-256$${iterations}:${Buffer.from(salt).toString('base64')}$${storedKey}:${serverKey}`
}

function hmac(key: Uint8Array, text: string): Buffer {
  return createHmac('sha256', key).update(text).digest()
}
