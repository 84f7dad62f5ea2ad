import type { EncryptionContext } from './material.ts'

/**
 * The encryption context of a secret value's data key.
 * @see https://docs.aws.amazon.com/secretsmanager/latest/userguide/security-encryption.html
 */
export function valueContext(arn: string, versionId: string): EncryptionContext {
  return { SecretARN: arn, SecretVersionId: versionId }
}
