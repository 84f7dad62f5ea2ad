import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import {
  CreateKeyCommand,
  DescribeKeyCommand,
  EnableKeyRotationCommand,
  KMSClient,
  ListKeyRotationsCommand,
  ScheduleKeyDeletionCommand,
} from '@aws-sdk/client-kms'
import {
  CreateSecretCommand,
  DeleteSecretCommand,
  DescribeSecretCommand,
  RestoreSecretCommand,
  SecretsManagerClient,
} from '@aws-sdk/client-secrets-manager'
import { silentLogger } from '../platform/logger.ts'
import { systemRandom } from '../platform/random.ts'
import { systemTimer } from '../platform/timer.ts'
import { startServer, type TestServer } from '../testing/server.ts'
import { groups } from './index.ts'
import { Scheduler } from './scheduler.ts'

const DAY_SECONDS = 86_400

/** What the clock brings about between now and `seconds` later. */
async function pass({ clock, house, metrics }: TestServer, seconds: number): Promise<void> {
  clock.advance(seconds)
  const { store, keyring, functions, channels, bus } = house
  const rooms = { store, keyring, functions, channels, bus, metrics, clock, random: systemRandom }
  await using scheduler = new Scheduler({ rooms, timer: systemTimer, logger: silentLogger, groups })
  await scheduler.settle()
}

async function eventNames(server: TestServer): Promise<readonly unknown[]> {
  return (await server.trail()).map(({ eventName }) => eventName)
}

describe('purge-secret', () => {
  test('removes a secret at the end of its recovery window, not a second before, and says so on the trail', async () => {
    await using server = await startServer()
    // A client signs with the clock as it was when it was made.
    const secrets = () => server.sdk(SecretsManagerClient, server.admin)
    const { ARN: arn = '' } = await secrets().send(
      new CreateSecretCommand({ Name: 'db', SecretString: 'one' }),
    )
    await secrets().send(new DeleteSecretCommand({ SecretId: 'db', RecoveryWindowInDays: 7 }))
    const place = { account: arn.split(':')[4] ?? '', region: arn.split(':')[3] ?? '' }
    await pass(server, 7 * DAY_SECONDS - 1)
    assert.ok(await server.house.store.read.secrets.byArn(place, arn))
    await pass(server, 1)
    assert.equal(await server.house.store.read.secrets.byArn(place, arn), undefined)
    const [event] = await server.trail()
    assert.equal(event?.eventName, 'EndSecretVersionDelete')
    assert.deepEqual(event?.additionalEventData, { SecretId: arn })
  })

  test('a secret that was restored stays', async () => {
    await using server = await startServer()
    const secrets = () => server.sdk(SecretsManagerClient, server.admin)
    await secrets().send(new CreateSecretCommand({ Name: 'db', SecretString: 'one' }))
    await secrets().send(new DeleteSecretCommand({ SecretId: 'db', RecoveryWindowInDays: 7 }))
    await secrets().send(new RestoreSecretCommand({ SecretId: 'db' }))
    await pass(server, 8 * DAY_SECONDS)
    assert.equal((await secrets().send(new DescribeSecretCommand({ SecretId: 'db' }))).Name, 'db')
    assert.ok(!(await eventNames(server)).includes('EndSecretVersionDelete'))
  })
})

describe('delete-kms-key', () => {
  test('erases a key at the end of its waiting period and says so on the trail', async () => {
    await using server = await startServer()
    const kms = () => server.sdk(KMSClient, server.admin)
    const KeyId = (await kms().send(new CreateKeyCommand({}))).KeyMetadata?.KeyId
    await kms().send(new ScheduleKeyDeletionCommand({ KeyId, PendingWindowInDays: 7 }))
    await pass(server, 7 * DAY_SECONDS - 1)
    const { KeyMetadata } = await kms().send(new DescribeKeyCommand({ KeyId }))
    assert.equal(KeyMetadata?.KeyState, 'PendingDeletion')
    await pass(server, 1)
    assert.equal((await eventNames(server))[0], 'DeleteKey')
    await assert.rejects(kms().send(new DescribeKeyCommand({ KeyId })), { name: 'NotFoundException' })
  })
})

describe('rotate-kms-key', () => {
  test('rotates a key each time its period is over', async () => {
    await using server = await startServer()
    const kms = () => server.sdk(KMSClient, server.admin)
    const KeyId = (await kms().send(new CreateKeyCommand({}))).KeyMetadata?.KeyId
    await kms().send(new EnableKeyRotationCommand({ KeyId, RotationPeriodInDays: 90 }))
    await pass(server, 90 * DAY_SECONDS)
    await pass(server, 90 * DAY_SECONDS)
    await pass(server, 89 * DAY_SECONDS)
    const { Rotations } = await kms().send(new ListKeyRotationsCommand({ KeyId }))
    assert.equal(Rotations?.filter(({ RotationType }) => RotationType === 'AUTOMATIC').length, 2)
    assert.equal((await eventNames(server)).filter((name) => name === 'RotateKey').length, 2)
  })
})
