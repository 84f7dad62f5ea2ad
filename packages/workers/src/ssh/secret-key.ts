/** A private key that is in memory alone, and goes from there when it is done with. */
import { GetSecretValueCommand, type SecretsManagerClient } from '@aws-sdk/client-secrets-manager'
import { Unprintable } from '../unprintable.ts'

export class KeyError extends Error {
  override readonly name = 'KeyError'
}

/**
 * Cannot be printed by accident, and is zeroes once disposed of. The string that the SDK read it from cannot be wiped: nothing
 * holds it any more, and it goes with the next collection or the process.
 */
export class SecretKey extends Unprintable implements Disposable {
  /** Of the secret: the key that somebody is to look for on the nodes has it as its comment. */
  readonly versionId: string
  readonly #bytes: Buffer

  constructor(versionId: string, bytes: Buffer) {
    super('[private key]')
    this.versionId = versionId
    this.#bytes = bytes
  }

  /** The bytes themselves, not a copy. */
  reveal(): Buffer {
    return this.#bytes
  }

  [Symbol.dispose](): void {
    this.#bytes.fill(0)
  }
}

/**
 * The member `PrivateKey` of a secret that is a JSON object.
 *
 * @throws KeyError where there is none, in words that hold nothing of the secret; what GetSecretValue threw.
 */
export async function readSecretKey(secrets: SecretsManagerClient, secretId: string): Promise<SecretKey> {
  const { SecretString, VersionId = '' } = await secrets.send(
    new GetSecretValueCommand({ SecretId: secretId }),
  )
  const privateKey = memberOf(SecretString)
  if (privateKey === undefined) {
    throw new KeyError(
      `The secret ${secretId} has no PrivateKey yet: it is to be a JSON object that has been rotated at least once.`,
    )
  }
  // Of its own, where `Buffer.from` would share a block of memory with others.
  const bytes = Buffer.alloc(Buffer.byteLength(privateKey))
  bytes.write(privateKey)
  return new SecretKey(VersionId, bytes)
}

function memberOf(text: string | undefined): string | undefined {
  let parsed: unknown
  try {
    parsed = JSON.parse(text ?? '')
  } catch {
    return undefined
  }
  if (typeof parsed !== 'object' || parsed === null || !('PrivateKey' in parsed)) return undefined
  return typeof parsed.PrivateKey === 'string' && parsed.PrivateKey !== '' ? parsed.PrivateKey : undefined
}
