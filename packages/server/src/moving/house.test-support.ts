import { CreateAccessKeyCommand, CreateUserCommand, IAMClient } from '@aws-sdk/client-iam'
import { CreateKeyCommand, KMSClient, RotateKeyOnDemandCommand } from '@aws-sdk/client-kms'
import {
  CreateSecretCommand,
  PutSecretValueCommand,
  ReplicateSecretToRegionsCommand,
  SecretsManagerClient,
} from '@aws-sdk/client-secrets-manager'
import type { Administrator } from '../compose/doors.ts'
import { compose, type House } from '../compose.ts'
import { readConfig } from '../config.ts'
import { loopback } from '../gateway/loopback.ts'
import { openRootKey } from '../keyring/root-keys/index.ts'
import type { RootKey } from '../keyring/root-keys/root-key.ts'
import { systemClock } from '../platform/clock.ts'
import { silentLogger } from '../platform/logger.ts'
import { Metrics } from '../platform/metrics.ts'
import { systemRandom } from '../platform/random.ts'
import { systemTimer } from '../platform/timer.ts'
import type { Scratch } from './model.test-support.ts'
import type { LastingStore } from './target.ts'

/** A store that a server has lived in, and what opens it. */
export interface Home {
  readonly store: LastingStore & { kind: 'sqlite' }
  readonly root: RootKey
}

/** The plaintext of every value in {@link lived}. */
export const VALUE = 'value-canary-93ab'

/**
 * What a real server leaves behind on SQLite: values under two generations of a key of the caller's and under the
 * service's own, and keys sealed by two generations of the keyring.
 */
export async function lived(
  scratch: Scratch,
  { replicaRegion }: { readonly replicaRegion?: string } = {},
): Promise<Home> {
  const store = scratch.store('home')
  const { house, administrator } = await build(store.directory, replicaRegion)
  await using _closed = house
  const root = await openRootKey(`file:${store.directory}/root.key`, { create: false, random: systemRandom })
  const options = {
    region: 'us-east-1',
    endpoint: 'http://127.0.0.1:4600',
    credentials: administrator,
    requestHandler: loopback(house.call, { clock: systemClock, random: systemRandom }),
    maxAttempts: 1,
  }
  const secrets = new SecretsManagerClient(options)
  const kms = new KMSClient(options)
  const iam = new IAMClient(options)
  const { KeyMetadata } = await kms.send(new CreateKeyCommand({}))
  const KmsKeyId = KeyMetadata?.KeyId
  await secrets.send(new CreateSecretCommand({ Name: 'a', SecretString: VALUE, KmsKeyId }))
  await secrets.send(new CreateSecretCommand({ Name: 'b', SecretString: VALUE }))
  await kms.send(new RotateKeyOnDemandCommand({ KeyId: KmsKeyId }))
  await secrets.send(new PutSecretValueCommand({ SecretId: 'a', SecretBinary: Buffer.from(VALUE) }))
  const next = await house.keyring.rotate(root, systemClock.now())
  await house.store.write((tx) => tx.installation.addKeyringGeneration(next))
  await house.keyring.admit(root, next)
  await kms.send(new CreateKeyCommand({}))
  await iam.send(new CreateUserCommand({ UserName: 'ada' }))
  await iam.send(new CreateAccessKeyCommand({ UserName: 'ada' }))
  if (replicaRegion !== undefined) {
    const AddReplicaRegions = [{ Region: replicaRegion }]
    await secrets.send(new ReplicateSecretToRegionsCommand({ SecretId: 'a', AddReplicaRegions }))
    await house.scheduler.settle()
  }
  return { store, root }
}

async function build(
  directory: string,
  regions?: string,
): Promise<{ readonly house: House; readonly administrator: Administrator }> {
  const made: Administrator[] = []
  const house = await compose(
    readConfig(
      {
        data: directory,
        store: 'sqlite',
        'account-id': '111122223333',
        ...(regions !== undefined && { regions }),
      },
      {},
    ),
    {
      clock: systemClock,
      random: systemRandom,
      timer: systemTimer,
      logger: silentLogger,
      metrics: new Metrics(),
      keepAdministrator: (administrator) => made.push(administrator),
      dropAdministrator() {},
    },
  )
  const [administrator] = made
  if (!administrator) throw new Error('no administrator was made')
  return { house, administrator }
}
