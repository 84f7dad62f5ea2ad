import { timingSafeEqual } from 'node:crypto'
import { AwsError } from '@lockstep/wire'
import {
  demandUse,
  generateDataKey,
  type KeyUse,
  type KmsKey,
  resolveKey,
  serviceKey,
  unwrapDataKey,
  valueContext,
} from '../../envelope/index.ts'
import type { Context, WriteContext } from '../../gateway/context.ts'
import { openValue, sealValue, type ValueContext } from '../../keyring/data-key.ts'
import { OpenFailure } from '../../keyring/open-failure.ts'
import { Plaintext } from '../../platform/plaintext.ts'
import type { SealedValue, Secret } from '../../store/secrets.ts'
import { bothValues, decryptionFailure, encryptionFailure, keyUnusable, kmsAccessDenied } from './errors.ts'

const SERVICE_KEY_ALIAS = 'alias/aws/secretsmanager'

/** A value as a caller sent it. */
export interface GivenValue extends Disposable {
  readonly kind: 'string' | 'binary'
  readonly plaintext: Plaintext
}

/** The members of a request that carry a value. */
export interface ValueInput {
  readonly SecretString?: string | undefined
  readonly SecretBinary?: Uint8Array | undefined
}

/** A version that has its value. */
export interface ValuedVersion {
  readonly id: string
  readonly value: SealedValue
}

type Owner = Pick<Secret, 'account' | 'arn'>

/**
 * The value in a request, whose length the model has vouched for.
 * @throws InvalidParameterException where both members are there.
 */
export function givenValue({ SecretString, SecretBinary }: ValueInput): GivenValue | undefined {
  if (SecretString !== undefined && SecretBinary !== undefined) throw bothValues()
  if (SecretString !== undefined) return given('string', Plaintext.fromText(SecretString))
  // A copy: the input is read again when the transaction is run again, so it must outlive the wiping.
  if (SecretBinary !== undefined) return given('binary', new Plaintext(Uint8Array.from(SecretBinary)))
  return undefined
}

function given(kind: 'string' | 'binary', plaintext: Plaintext): GivenValue {
  return { kind, plaintext, [Symbol.dispose]: () => plaintext[Symbol.dispose]() }
}

/** A key that a caller chose for a secret in place of the account's own. */
export interface ChosenKey {
  /** As the caller named it; DescribeSecret shows it again. */
  readonly id: string
  readonly key: KmsKey
}

/**
 * The key that KmsKeyId chooses: none for an empty one and for aws/secretsmanager under its own name.
 * @throws InvalidParameterException where there is no such key.
 */
export async function chosenKey(ctx: Context, keyId: string | undefined): Promise<ChosenKey | undefined> {
  if (!keyId || keyId === SERVICE_KEY_ALIAS) return undefined
  try {
    const key = await resolveKey(ctx, keyId)
    const isOwnServiceKey = key.account === ctx.account && key.aliases.includes(SERVICE_KEY_ALIAS)
    return isOwnServiceKey ? undefined : { id: keyId, key }
  } catch (error) {
    if (!(error instanceof AwsError)) throw error
    // Whether another account has a key is for its key's policy to tell.
    throw accountIn(keyId) === undefined || accountIn(keyId) === ctx.account
      ? keyUnusable()
      : kmsAccessDenied()
  }
}

function accountIn(keyId: string): string | undefined {
  return keyId.startsWith('arn:') ? keyId.split(':')[4] : undefined
}

/**
 * Makes sure that the caller may use a key before a secret depends on it.
 * @throws AccessDeniedException or EncryptionFailure.
 * @see https://docs.aws.amazon.com/secretsmanager/latest/userguide/security-encryption.html
 */
export async function tryKey(ctx: Context, { key }: ChosenKey, owner: Owner): Promise<void> {
  const use = keyUse(owner, 'RequestToValidateKeyAccess')
  try {
    const made = await generateDataKey(ctx, key, use)
    made.dataKey[Symbol.dispose]()
    const opened = await unwrapDataKey(ctx, made.wrapped, use)
    opened[Symbol.dispose]()
  } catch (error) {
    throw keyRefusal(error, encryptionFailure)
  }
}

/** The key that seals the secret's next version: the chosen one, or its account's aws/secretsmanager. */
async function sealingKey(ctx: WriteContext, secret: Secret): Promise<KmsKey> {
  try {
    return await keyNamed(ctx, secret.account, secret.kmsKeyArn)
  } catch (error) {
    throw keyRefusal(error, encryptionFailure)
  }
}

function keyNamed(ctx: WriteContext, account: string, arn: string | undefined): Promise<KmsKey> {
  return arn === undefined ? serviceKey(ctx, 'secretsmanager', account) : resolveKey(ctx, arn)
}

/**
 * Seals a value for one version, under a data key of its own.
 * @throws AccessDeniedException or EncryptionFailure where the key refuses.
 */
export async function seal(
  ctx: WriteContext,
  secret: Secret,
  { versionId, value }: { readonly versionId: string; readonly value: GivenValue },
): Promise<SealedValue> {
  const key = await sealingKey(ctx, secret)
  try {
    const made = await generateDataKey(ctx, key, keyUse(secret, versionId))
    using dataKey = made.dataKey
    const sealed = sealValue(dataKey, value.plaintext.reveal(), placeOf(secret, versionId), ctx.random)
    return { kind: value.kind, kmsKeyArn: secret.kmsKeyArn, sealed, wrappedKey: made.wrapped }
  } catch (error) {
    throw keyRefusal(error, encryptionFailure)
  }
}

/** Whether the caller may encrypt what is there already under the secret's key. */
export async function mayEncrypt(ctx: WriteContext, secret: Secret, versionId: string): Promise<boolean> {
  try {
    await demandUse(ctx, 'Encrypt', await sealingKey(ctx, secret), keyUse(secret, versionId))
    return true
  } catch (error) {
    if (error instanceof AwsError && error.code === 'AccessDeniedException') return false
    throw error
  }
}

/**
 * Opens the value of one version.
 * @throws AccessDeniedException or DecryptionFailure where the key refuses, or the row is not what it was.
 */
export async function open(ctx: Context, owner: Owner, { id, value }: ValuedVersion): Promise<Plaintext> {
  try {
    using dataKey = await unwrapDataKey(ctx, value.wrappedKey, keyUse(owner, id))
    return openValue(dataKey, value.sealed, placeOf(owner, id))
  } catch (error) {
    throw keyRefusal(error, decryptionFailure)
  }
}

/**
 * Demands of the caller that they may open a version, without opening it. A key that is gone opens nothing.
 * @throws AccessDeniedException
 */
export async function proveMayOpen(
  ctx: WriteContext,
  owner: Owner,
  { id, kmsKeyArn }: { readonly id: string; readonly kmsKeyArn: string | undefined },
): Promise<void> {
  try {
    const key = await keyNamed(ctx, owner.account, kmsKeyArn)
    await demandUse(ctx, 'Decrypt', key, keyUse(owner, id))
  } catch (error) {
    if (!(error instanceof AwsError)) throw error
    if (error.code === 'AccessDeniedException') throw kmsAccessDenied()
  }
}

/**
 * Demands of the caller that they may seal values under the key of a secret. The key may be out of use now.
 * @throws AccessDeniedException
 */
export async function proveMaySeal(
  ctx: WriteContext,
  owner: Owner & Pick<Secret, 'kmsKeyArn'>,
): Promise<void> {
  const use = keyUse(owner, 'RequestToValidateKeyAccess')
  try {
    const key = await keyNamed(ctx, owner.account, owner.kmsKeyArn)
    for (const operation of ['GenerateDataKey', 'Encrypt'] as const) await demandUse(ctx, operation, key, use)
  } catch (error) {
    throw keyRefusal(error, encryptionFailure)
  }
}

/** Whether a version holds just this value. Takes the same time wherever two values differ. */
export async function holds(
  ctx: Context,
  owner: Owner,
  version: ValuedVersion,
  { kind, plaintext }: GivenValue,
): Promise<boolean> {
  using held = await open(ctx, owner, version)
  const a = held.reveal()
  const b = plaintext.reveal()
  return version.value.kind === kind && a.length === b.length && timingSafeEqual(a, b)
}

function keyUse({ arn }: Owner, versionId: string): KeyUse {
  return { encryptionContext: valueContext(arn, versionId), viaService: 'secretsmanager' }
}

function placeOf({ account, arn }: Owner, versionId: string): ValueContext {
  return { account, arn, versionId }
}

function keyRefusal(error: unknown, failure: (cause: unknown) => AwsError): unknown {
  if (error instanceof OpenFailure) return failure(error)
  if (!(error instanceof AwsError)) return error
  return error.code === 'AccessDeniedException' ? kmsAccessDenied() : failure(error)
}
