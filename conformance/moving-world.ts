/** What a server was told and has acknowledged, and whether another server still knows all of it. */
import assert from 'node:assert/strict'
import {
  CreateKeyCommand,
  DecryptCommand,
  EncryptCommand,
  KMSClient,
  RotateKeyOnDemandCommand,
} from '@aws-sdk/client-kms'
import {
  CreateSecretCommand,
  GetSecretValueCommand,
  PutSecretValueCommand,
  SecretsManagerClient,
} from '@aws-sdk/client-secrets-manager'
import { GetCallerIdentityCommand, STSClient } from '@aws-sdk/client-sts'
import { type Caller, type Keys, newUser, sdk } from './sdk.ts'

export const ADMINISTRATOR: Keys = {
  accessKeyId: 'AKIACONFORMANCE00000',
  secretAccessKey: 'the-secret-of-the-administrator-who-moves',
}

const REGION = 'us-east-1'
const AT_ONCE = 16

/** The administrator at a server. */
export function administratorAt(endpoint: string): Caller {
  return { endpoint, region: REGION, keys: ADMINISTRATOR }
}

/** Every acknowledged call's outcome. */
export interface World {
  /** Secret id -> version id -> value. */
  readonly values: Map<string, Map<string, string>>
  readonly ciphertexts: Uint8Array[]
  /** May read everything. */
  readonly user: Keys & { readonly arn: string }
}

const PLAINTEXT = Buffer.from('encrypted before the move')

/** Secrets under the service's key and under one of the caller's, that is rotated between them; a user with a key. */
export async function populate(admin: Caller, secrets: number): Promise<World> {
  const kms = sdk(KMSClient, admin)
  const { KeyMetadata } = await kms.send(new CreateKeyCommand({}))
  const KeyId = KeyMetadata?.KeyId
  const user = await newUser(admin, 'mover', {
    Effect: 'Allow',
    Action: ['secretsmanager:*', 'kms:*'],
    Resource: '*',
  })
  const world: World = { values: new Map(), ciphertexts: [], user }
  for (let generation = 0; generation < 2; generation++) {
    for (let first = 0; first < secrets / 2; first += AT_ONCE) {
      const names = Array.from({ length: AT_ONCE }, (_, i) => `${generation}/${first + i}`)
      await Promise.all(names.map((name, i) => create(admin, world, { name, ...(i % 2 === 0 && { KeyId }) })))
    }
    const { CiphertextBlob } = await kms.send(new EncryptCommand({ KeyId, Plaintext: PLAINTEXT }))
    if (CiphertextBlob) world.ciphertexts.push(CiphertextBlob)
    await kms.send(new RotateKeyOnDemandCommand({ KeyId }))
  }
  for (const name of ['0/0', '0/1', '1/2']) await put(admin, world, name)
  return world
}

export async function create(
  admin: Caller,
  { values }: World,
  { name, KeyId }: { readonly name: string; readonly KeyId?: string | undefined },
): Promise<void> {
  const value = `value of ${name}`
  const command = new CreateSecretCommand({
    Name: name,
    SecretString: value,
    ...(KeyId && { KmsKeyId: KeyId }),
  })
  const { VersionId = '' } = await sdk(SecretsManagerClient, admin).send(command)
  values.set(name, new Map([[VersionId, value]]))
}

async function put(admin: Caller, { values }: World, name: string): Promise<void> {
  const value = `later value of ${name}`
  const command = new PutSecretValueCommand({ SecretId: name, SecretString: value })
  const { VersionId = '' } = await sdk(SecretsManagerClient, admin).send(command)
  values.get(name)?.set(VersionId, value)
}

/** Every version reads back, old ciphertexts open, and the user is who he was. */
export async function demandAll(endpoint: string, { values, ciphertexts, user }: World): Promise<void> {
  const caller = { endpoint, region: REGION, keys: user }
  const { Arn } = await sdk(STSClient, caller).send(new GetCallerIdentityCommand({}))
  assert.equal(Arn, user.arn)
  const reads = [...values].flatMap(([SecretId, versions]) =>
    [...versions].map(([VersionId, value]) => ({ SecretId, VersionId, value })),
  )
  const secrets = sdk(SecretsManagerClient, caller)
  for (let first = 0; first < reads.length; first += AT_ONCE) {
    await Promise.all(
      reads.slice(first, first + AT_ONCE).map(async ({ SecretId, VersionId, value }) => {
        const { SecretString } = await secrets.send(new GetSecretValueCommand({ SecretId, VersionId }))
        assert.equal(SecretString, value, SecretId)
      }),
    )
  }
  const kms = sdk(KMSClient, caller)
  for (const CiphertextBlob of ciphertexts) {
    const { Plaintext } = await kms.send(new DecryptCommand({ CiphertextBlob }))
    assert.deepEqual(Buffer.from(Plaintext ?? []), PLAINTEXT)
  }
}
