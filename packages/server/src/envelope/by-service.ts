import type { WriteContext } from '../gateway/context.ts'
import { generateDataKey, openValue, sealValue } from '../keyring/data-key.ts'
import { OpenFailure } from '../keyring/open-failure.ts'
import type { Plaintext } from '../platform/plaintext.ts'
import type { SealedValue, Secret } from '../store/secrets.ts'
import { parseBlob } from './blob.ts'
import type { KeyDoors } from './doors.ts'
import { invalidCiphertext, keyNotFound } from './errors.ts'
import { findKey, findNamed } from './find-key.ts'
import { keyArn, parseKeyName } from './key-id.ts'
import { demandUsable } from './kms-key.ts'
import { decrypt, encrypt } from './material.ts'
import { valueContext } from './secret-value.ts'
import { serviceKey } from './service-key.ts'

// What Secrets Manager does with KMS keys when nobody calls it. No policy is asked: whoever had it keep the values
// there has proved by that call that they may. A key out of use stops it all the same.

/** What stands in for a call. `region` is where the keys are. */
export type ServiceDoors = KeyDoors & Pick<WriteContext, 'store' | 'partition' | 'clock'>

type Owner = Pick<Secret, 'account' | 'arn'>

/**
 * Opens the value of a version. Dispose what it answers.
 * @throws AwsError for a key out of use or bytes that are not what they were.
 */
export async function openByService(
  doors: ServiceDoors,
  owner: Owner,
  { id, value }: { readonly id: string; readonly value: SealedValue },
): Promise<Plaintext> {
  const blob = parseBlob(value.wrappedKey)
  const key = await findKey(doors, blob.name)
  if (!key) throw keyNotFound(keyArn(blob.name))
  demandUsable(key)
  const { plaintext: dataKey } = await decrypt(doors, key, blob, valueContext(owner.arn, id))
  try {
    return openValue(dataKey, value.sealed, { account: owner.account, arn: owner.arn, versionId: id })
  } catch (error) {
    throw error instanceof OpenFailure ? invalidCiphertext() : error
  } finally {
    dataKey[Symbol.dispose]()
  }
}

/**
 * Seals a value for one version of a secret, under a data key of its own.
 * @param owner The secret that it is for, and the key that it is to be under; without one its account's own.
 * @throws AwsError for a key out of use.
 */
export async function sealByService(
  doors: ServiceDoors,
  owner: Owner & Pick<Secret, 'kmsKeyArn'>,
  { id, kind, plaintext }: Pick<SealedValue, 'kind'> & { readonly id: string; readonly plaintext: Plaintext },
): Promise<SealedValue> {
  const { account, arn, kmsKeyArn } = owner
  const { region, random } = doors
  const key =
    kmsKeyArn === undefined
      ? await serviceKey(doors, 'secretsmanager', account)
      : await findNamed(doors, parseKeyName(kmsKeyArn, { account, region }))
  demandUsable(key)
  using dataKey = generateDataKey(random)
  const wrappedKey = await encrypt(doors, key, dataKey.reveal(), valueContext(arn, id))
  const sealed = sealValue(dataKey, plaintext.reveal(), { account, arn, versionId: id }, random)
  return { kind, kmsKeyArn, sealed, wrappedKey }
}
