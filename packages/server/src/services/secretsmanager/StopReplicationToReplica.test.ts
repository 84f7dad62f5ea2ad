import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import {
  DeleteSecretCommand,
  PutSecretValueCommand,
  ReplicateSecretToRegionsCommand,
  StopReplicationToReplicaCommand,
} from '@aws-sdk/client-secrets-manager'
import { REPLICATE_SECRET } from '../../store/replication.ts'
import { TEST_REGION } from '../../testing/server.ts'
import { EUROPE, INDIA, placeIn, Regions } from './replicas.test-support.ts'

function promote(regions: Regions, region = EUROPE) {
  return regions.secrets(region).send(new StopReplicationToReplicaCommand({ SecretId: 'db' }))
}

const NOT_A_REPLICA = { name: 'InvalidParameterException', message: /only permitted on a replica secret/ }

describe('StopReplicationToReplica', () => {
  test('the replica is a secret of its own under its old ARN, and each goes its own way', async () => {
    await using regions = await Regions.start()
    const arn = await regions.createReplicated([EUROPE, INDIA])
    assert.equal((await promote(regions)).ARN, arn.replace(TEST_REGION, EUROPE))
    const { PrimaryRegion, ReplicationStatus } = await regions.describe(EUROPE)
    assert.deepEqual([PrimaryRegion, ReplicationStatus], [undefined, undefined])
    const left = (await regions.describe()).ReplicationStatus
    assert.deepEqual(
      left?.map(({ Region }) => Region),
      [INDIA],
    )
    await regions.secrets().send(new PutSecretValueCommand({ SecretId: 'db', SecretString: 'two' }))
    await regions.secrets(EUROPE).send(new PutSecretValueCommand({ SecretId: 'db', SecretString: 'own' }))
    await regions.settle()
    const values = [await regions.value(TEST_REGION), await regions.value(EUROPE), await regions.value(INDIA)]
    assert.deepEqual(values, ['two', 'own', 'two'])
  })

  test('what was still to come does not come any more', async () => {
    await using regions = await Regions.start()
    const arn = await regions.createReplicated()
    await regions.secrets().send(new PutSecretValueCommand({ SecretId: 'db', SecretString: 'two' }))
    await promote(regions)
    const key = arn.replace(TEST_REGION, EUROPE)
    const job = await regions.server.house.store.read.jobs.find(placeIn(TEST_REGION), REPLICATE_SECRET, key)
    assert.equal(job, undefined)
    await regions.settle()
    assert.equal(await regions.value(EUROPE), 'one')
  })

  test('a promoted secret may be deleted, and have replicas', async () => {
    await using regions = await Regions.start()
    await regions.createReplicated()
    await promote(regions)
    const input = { SecretId: 'db', AddReplicaRegions: [{ Region: INDIA }] }
    await regions.secrets(EUROPE).send(new ReplicateSecretToRegionsCommand(input))
    await regions.settle()
    assert.equal((await regions.describe(INDIA)).PrimaryRegion, EUROPE)
    await promote(regions, INDIA)
    await regions.secrets(EUROPE).send(new DeleteSecretCommand({ SecretId: 'db' }))
  })

  test('its old primary replicates over it by force alone', async () => {
    await using regions = await Regions.start()
    await regions.createReplicated()
    await promote(regions)
    await regions.replicate(EUROPE)
    assert.equal((await regions.status()).Status, 'Failed')
    assert.equal((await regions.describe(EUROPE)).PrimaryRegion, undefined)
  })

  test('InvalidParameterException at the primary, and for a secret that is not replicated', async () => {
    await using regions = await Regions.start()
    await regions.create()
    await assert.rejects(promote(regions, TEST_REGION), NOT_A_REPLICA)
    await regions.replicate(EUROPE)
    await assert.rejects(promote(regions, TEST_REGION), NOT_A_REPLICA)
    assert.equal((await regions.status()).Status, 'InSync')
  })

  test('ResourceNotFoundException for a secret that is not there', async () => {
    await using regions = await Regions.start()
    await assert.rejects(promote(regions), { name: 'ResourceNotFoundException' })
  })
})
