import type { Context } from '../gateway/context.ts'
import { idsOf } from '../gateway/principal-id.ts'
import { generateDataKey as newDataKey } from '../keyring/data-key.ts'
import type { Plaintext } from '../platform/plaintext.ts'
import { parseBlob } from './blob.ts'
import { keyNotFound } from './errors.ts'
import { findKey, findNamed } from './find-key.ts'
import { absentKeyTarget, grantsAllow, type KeyUse, keyTarget, useConditions } from './key-access.ts'
import { keyArn, parseKeyName } from './key-id.ts'
import { demandUsable, type KmsKey } from './kms-key.ts'
import { decrypt, encrypt } from './material.ts'

export type { KeyUse } from './key-access.ts'
export type { KmsKey } from './kms-key.ts'
export { valueContext } from './secret-value.ts'
export { serviceKey } from './service-key.ts'

// The door to this folder: what services do with KMS keys on their callers' behalf. Each function demands of
// the caller what KMS would demand, so that a key's policy governs whatever was encrypted under it.
//
// DIVERGENCE: AWS's trail has a KMS event of its own for each data key that a service makes or opens. Ours has
// the service's event alone, which is enough to tell who read what.

/**
 * The key that a caller means by an id, key ARN, `alias/…` or alias ARN. Says nothing of permissions.
 *
 * @param account Where a name without an account of its own is looked for; the caller's when absent.
 * @throws NotFoundException
 */
export function resolveKey(ctx: Context, keyId: string, account: string = ctx.account): Promise<KmsKey> {
  return findNamed(ctx, parseKeyName(keyId, { account, region: ctx.region }))
}

/**
 * A new data key, in the clear and wrapped under `key`. Dispose the former after use.
 * @throws AccessDeniedException unless the caller may kms:GenerateDataKey; DisabledException or
 *   KMSInvalidStateException for a key out of use.
 */
export async function generateDataKey(
  ctx: Context,
  key: KmsKey,
  use: KeyUse,
): Promise<{ readonly dataKey: Plaintext; readonly wrapped: Uint8Array }> {
  await demandUse(ctx, 'GenerateDataKey', key, use)
  demandUsable(key)
  const dataKey = newDataKey(ctx.random)
  return { dataKey, wrapped: await encrypt(ctx, key, dataKey.reveal(), use.encryptionContext) }
}

/**
 * Undoes {@link generateDataKey} with the same encryption context; the bytes name the key themselves.
 * Dispose what it answers. No store is read while no key changes.
 *
 * @throws AccessDeniedException unless the caller may kms:Decrypt; DisabledException,
 *   KMSInvalidStateException or NotFoundException for a key out of use; InvalidCiphertextException where
 *   bytes or context are not the same.
 */
export async function unwrapDataKey(ctx: Context, wrapped: Uint8Array, use: KeyUse): Promise<Plaintext> {
  const blob = parseBlob(wrapped)
  const key = await findKey(ctx, blob.name)
  if (!key) {
    const target = absentKeyTarget(ctx, { kind: 'key', ...blob.name })
    ctx.demand({ action: 'kms:Decrypt', target, keys: useConditions(ctx, undefined, use) })
    throw keyNotFound(keyArn(blob.name))
  }
  await demandUse(ctx, 'Decrypt', key, use)
  demandUsable(key)
  return (await decrypt(ctx, key, blob, use.encryptionContext)).plaintext
}

/**
 * Demands of the caller that they may use the key so.
 * @throws AccessDeniedException
 */
export async function demandUse(
  ctx: Context,
  operation: 'Decrypt' | 'Encrypt' | 'GenerateDataKey',
  key: KmsKey,
  use: KeyUse,
): Promise<void> {
  const target = keyTarget(key)
  const check = { action: `kms:${operation}`, target, keys: useConditions(ctx, key, use) } as const
  const refused = ctx.refusal(check)
  if (!refused) return
  // Grants only ever add: they are looked up where policies refuse, which keeps them off the common path.
  const grants = await ctx.store.keys.grantsTo(key, key.id, idsOf(ctx.principal))
  if (!grantsAllow(grants, operation, use.encryptionContext)) throw refused
  ctx.demand({ ...check, target: { ...target, granted: true } })
}
