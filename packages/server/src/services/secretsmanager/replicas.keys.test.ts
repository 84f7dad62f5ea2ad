import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import {
  CreateKeyCommand,
  DisableKeyCommand,
  EnableKeyCommand,
  ScheduleKeyDeletionCommand,
} from '@aws-sdk/client-kms'
import {
  CreateSecretCommand,
  ListSecretVersionIdsCommand,
  PutResourcePolicyCommand,
  PutSecretValueCommand,
  ReplicateSecretToRegionsCommand,
  TagResourceCommand,
  UpdateSecretCommand,
} from '@aws-sdk/client-secrets-manager'
import { TEST_ACCOUNT, TEST_REGION } from '../../testing/server.ts'
import { EUROPE, INDIA, placeIn, Regions } from './replicas.test-support.ts'

const SecretId = 'db'

async function newKey(regions: Regions, region: string): Promise<string> {
  const { KeyMetadata } = await regions.kms(region).send(new CreateKeyCommand({}))
  return KeyMetadata?.KeyId ?? ''
}

async function replicateUnder(regions: Regions, KmsKeyId: string): Promise<void> {
  const input = { SecretId, AddReplicaRegions: [{ Region: EUROPE, KmsKeyId }, { Region: INDIA }] }
  await regions.secrets().send(new ReplicateSecretToRegionsCommand(input))
  await regions.settle()
}

function put(regions: Regions, SecretString: string) {
  return regions.secrets().send(new PutSecretValueCommand({ SecretId, SecretString }))
}

async function keysIn(regions: Regions, region: string) {
  const { Versions = [] } = await regions.secrets(region).send(new ListSecretVersionIdsCommand({ SecretId }))
  return Versions.flatMap(({ KmsKeyIds = [] }) => KmsKeyIds)
}

function arnOf(key: string, region = EUROPE): string {
  return `arn:aws:kms:${region}:${TEST_ACCOUNT}:key/${key}`
}

describe('the keys of replicas', () => {
  test('a replica is under the key that was named for it, the others under their region’s own', async () => {
    await using regions = await Regions.start()
    await regions.create()
    const key = await newKey(regions, EUROPE)
    await replicateUnder(regions, key)
    assert.equal((await regions.status()).KmsKeyId, key)
    assert.equal((await regions.describe(EUROPE)).KmsKeyId, key)
    assert.deepEqual(await keysIn(regions, EUROPE), [arnOf(key)])
    assert.deepEqual(await keysIn(regions, INDIA), ['DefaultEncryptionKey'])
    await regions.kms(EUROPE).send(new DisableKeyCommand({ KeyId: key }))
    await assert.rejects(regions.value(EUROPE), { name: 'DecryptionFailure' })
    assert.equal(await regions.value(INDIA), 'one')
  })

  test('a sealed value of the primary is nothing to the replica: it was sealed anew for its own ARN', async () => {
    await using regions = await Regions.start()
    const arn = await regions.createReplicated()
    const { read } = regions.server.house.store
    const there = arn.replace(TEST_REGION, EUROPE)
    const [id = ''] = Object.keys((await regions.describe()).VersionIdsToStages ?? {})
    const stolen = await read.secrets.version(placeIn(TEST_REGION), arn, id)
    const own = await read.secrets.version(placeIn(EUROPE), there, id)
    assert.ok(stolen?.value && own?.value)
    assert.notDeepEqual(own.value.sealed, stolen.value.sealed)
    const { value } = stolen
    await regions.server.house.store.write((tx) => tx.secrets.setValue(placeIn(EUROPE), there, id, value))
    await assert.rejects(regions.value(EUROPE), { name: 'DecryptionFailure' })
  })

  test('a disabled key of a replica: it is Failed, keeps what it had, and follows when the key is back', async () => {
    await using regions = await Regions.start()
    await regions.create()
    const key = await newKey(regions, EUROPE)
    await replicateUnder(regions, key)
    await regions.kms(EUROPE).send(new DisableKeyCommand({ KeyId: key }))
    await put(regions, 'two')
    await regions.settle()
    const { Status, StatusMessage } = await regions.status()
    assert.equal(Status, 'Failed')
    assert.match(
      StatusMessage ?? '',
      new RegExp(`can't encrypt .* in the replica Region: ${arnOf(key)} is disabled`),
    )
    assert.deepEqual([await regions.value(TEST_REGION), await regions.value(INDIA)], ['two', 'two'])
    await regions.kms(EUROPE).send(new EnableKeyCommand({ KeyId: key }))
    assert.equal(await regions.value(EUROPE), 'one')
    await regions.pass(1)
    assert.equal((await regions.status()).Status, 'InSync')
    assert.equal(await regions.value(EUROPE), 'two')
  })

  test('a failure that lasts is told once on the trail, and each attempt waits longer', async () => {
    await using regions = await Regions.start()
    await regions.create()
    const key = await newKey(regions, EUROPE)
    await replicateUnder(regions, key)
    await regions.kms(EUROPE).send(new DisableKeyCommand({ KeyId: key }))
    await put(regions, 'two')
    await regions.settle()
    for (let i = 0; i < 5; i++) await regions.pass(3600)
    const [failed, ...others] = await regions.events('ReplicationFailed')
    assert.equal(others.length, 0)
    assert.match(JSON.stringify(failed?.additionalEventData), /eu-west-1.*is disabled/)
  })

  test('the next change at the primary tries at once', async () => {
    await using regions = await Regions.start()
    await regions.create()
    const key = await newKey(regions, EUROPE)
    await replicateUnder(regions, key)
    await regions.kms(EUROPE).send(new DisableKeyCommand({ KeyId: key }))
    await put(regions, 'two')
    await regions.settle()
    for (let i = 0; i < 4; i++) await regions.pass(60)
    await regions.kms(EUROPE).send(new EnableKeyCommand({ KeyId: key }))
    await put(regions, 'three')
    await regions.settle()
    assert.equal((await regions.status()).Status, 'InSync')
    assert.equal(await regions.value(EUROPE), 'three')
    assert.equal(await regions.value(EUROPE, { VersionStage: 'AWSPREVIOUS' }), 'two')
  })

  test('a change that needs no key reaches a replica whose key is out of use', async () => {
    await using regions = await Regions.start()
    await regions.create()
    const key = await newKey(regions, EUROPE)
    await replicateUnder(regions, key)
    await regions.kms(EUROPE).send(new DisableKeyCommand({ KeyId: key }))
    await regions.secrets().send(new TagResourceCommand({ SecretId, Tags: [{ Key: 'a', Value: '1' }] }))
    await regions.settle()
    assert.equal((await regions.status()).Status, 'InSync')
    assert.deepEqual((await regions.describe(EUROPE)).Tags, [{ Key: 'a', Value: '1' }])
  })

  test('a key that is disabled from the start: no replica yet, and the name is not taken', async () => {
    await using regions = await Regions.start()
    await regions.create()
    const key = await newKey(regions, EUROPE)
    await regions.kms(EUROPE).send(new DisableKeyCommand({ KeyId: key }))
    await replicateUnder(regions, key)
    assert.equal((await regions.status()).Status, 'Failed')
    await assert.rejects(regions.describe(EUROPE), { name: 'ResourceNotFoundException' })
    await regions.kms(EUROPE).send(new EnableKeyCommand({ KeyId: key }))
    await regions.pass(1)
    assert.equal(await regions.value(EUROPE), 'one')
  })

  test('what is to be overwritten stays as long as the replica cannot be made', async () => {
    await using regions = await Regions.start()
    await regions.create()
    await regions.secrets(EUROPE).send(new CreateSecretCommand({ Name: 'db', SecretString: 'theirs' }))
    const KmsKeyId = await newKey(regions, EUROPE)
    await regions.kms(EUROPE).send(new DisableKeyCommand({ KeyId: KmsKeyId }))
    const AddReplicaRegions = [{ Region: EUROPE, KmsKeyId }]
    const input = { SecretId, AddReplicaRegions, ForceOverwriteReplicaSecret: true }
    await regions.secrets().send(new ReplicateSecretToRegionsCommand(input))
    await regions.settle()
    assert.equal(await regions.value(EUROPE), 'theirs')
  })

  test('a disabled key of the primary: Failed, until it is back', async () => {
    await using regions = await Regions.start()
    const KmsKeyId = await newKey(regions, TEST_REGION)
    await regions.createReplicated([EUROPE], { KmsKeyId })
    await put(regions, 'two')
    await regions.kms().send(new DisableKeyCommand({ KeyId: KmsKeyId }))
    await regions.settle()
    assert.match((await regions.status()).StatusMessage ?? '', /can't decrypt .* in the primary Region/)
    assert.equal(await regions.value(EUROPE), 'one')
    await regions.kms().send(new EnableKeyCommand({ KeyId: KmsKeyId }))
    await regions.pass(1)
    assert.equal(await regions.value(EUROPE), 'two')
  })

  test('who is shut out at the primary is shut out at the replica, too, while its versions wait for a key', async () => {
    await using regions = await Regions.start()
    const KmsKeyId = await newKey(regions, TEST_REGION)
    await regions.createReplicated([EUROPE], { KmsKeyId })
    await put(regions, 'two')
    await regions.kms().send(new DisableKeyCommand({ KeyId: KmsKeyId }))
    const Statement = {
      Effect: 'Deny',
      Principal: '*',
      Action: 'secretsmanager:GetSecretValue',
      Resource: '*',
    }
    const ResourcePolicy = JSON.stringify({ Version: '2012-10-17', Statement })
    await regions.secrets().send(new PutResourcePolicyCommand({ SecretId, ResourcePolicy }))
    await regions.settle()
    assert.equal((await regions.status()).Status, 'Failed')
    await assert.rejects(regions.value(EUROPE), { name: 'AccessDeniedException' })
    assert.equal((await keysIn(regions, EUROPE)).length, 1)
  })

  test('a version without a label whose key was deleted keeps no replica from being made', async () => {
    await using regions = await Regions.start()
    const KmsKeyId = await newKey(regions, TEST_REGION)
    const VersionId = '11111111-1111-4111-8111-111111111111'
    await regions.create({ KmsKeyId, ClientRequestToken: VersionId })
    await put(regions, 'two')
    await put(regions, 'three')
    await regions.secrets().send(new UpdateSecretCommand({ SecretId, KmsKeyId: '' }))
    await regions.kms().send(new ScheduleKeyDeletionCommand({ KeyId: KmsKeyId, PendingWindowInDays: 7 }))
    await regions.pass(7 * 86_400)
    await regions.replicate(EUROPE)
    assert.equal((await regions.status()).Status, 'InSync')
    assert.equal(await regions.value(EUROPE), 'three')
    await assert.rejects(regions.value(EUROPE, { VersionId }), { name: 'ResourceNotFoundException' })
  })
})

describe('another key for a replica', () => {
  test('UpdateSecret in its region moves what is in use, and what comes later', async () => {
    await using regions = await Regions.start()
    await regions.createReplicated()
    const KmsKeyId = await newKey(regions, EUROPE)
    await regions.secrets(EUROPE).send(new UpdateSecretCommand({ SecretId, KmsKeyId }))
    assert.deepEqual(await keysIn(regions, EUROPE), [arnOf(KmsKeyId)])
    assert.deepEqual(await keysIn(regions, TEST_REGION), ['DefaultEncryptionKey'])
    await put(regions, 'two')
    await regions.settle()
    const { Status, KmsKeyId: shown } = await regions.status()
    assert.deepEqual([Status, shown], ['InSync', KmsKeyId])
    assert.deepEqual(await keysIn(regions, EUROPE), [arnOf(KmsKeyId), arnOf(KmsKeyId)])
    assert.equal(await regions.value(EUROPE), 'two')
  })

  test('ReplicateSecretToRegions again brings it under the key that is named then, its old one being out of use', async () => {
    await using regions = await Regions.start()
    await regions.create()
    const old = await newKey(regions, EUROPE)
    await replicateUnder(regions, old)
    await regions.kms(EUROPE).send(new DisableKeyCommand({ KeyId: old }))
    const next = await newKey(regions, EUROPE)
    await replicateUnder(regions, next)
    assert.equal((await regions.status()).Status, 'InSync')
    assert.deepEqual(await keysIn(regions, EUROPE), [arnOf(next)])
    assert.equal(await regions.value(EUROPE), 'one')
  })

  test('a key of the primary that changes is nothing to its replicas', async () => {
    await using regions = await Regions.start()
    await regions.createReplicated()
    const KmsKeyId = await newKey(regions, TEST_REGION)
    await regions.secrets().send(new UpdateSecretCommand({ SecretId, KmsKeyId }))
    await regions.settle()
    assert.deepEqual(await keysIn(regions, EUROPE), ['DefaultEncryptionKey'])
    assert.equal((await regions.describe(EUROPE)).KmsKeyId, undefined)
    assert.equal(await regions.value(EUROPE), 'one')
  })
})
