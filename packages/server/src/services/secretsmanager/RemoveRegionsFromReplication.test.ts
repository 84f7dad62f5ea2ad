import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import {
  CreateSecretCommand,
  DeleteSecretCommand,
  PutSecretValueCommand,
  RemoveRegionsFromReplicationCommand,
  StopReplicationToReplicaCommand,
} from '@aws-sdk/client-secrets-manager'
import { TEST_REGION } from '../../testing/server.ts'
import { EUROPE, INDIA, READ_ONLY, Regions } from './replicas.test-support.ts'

function remove(regions: Regions, RemoveReplicaRegions: string[], from?: string) {
  const command = new RemoveRegionsFromReplicationCommand({ SecretId: 'db', RemoveReplicaRegions })
  return regions.secrets(from).send(command)
}

describe('RemoveRegionsFromReplication', () => {
  test('the replica is gone at once, the others stay and are kept up to date', async () => {
    await using regions = await Regions.start()
    const arn = await regions.createReplicated([EUROPE, INDIA])
    const answer = await remove(regions, [EUROPE])
    assert.equal(answer.ARN, arn)
    assert.deepEqual(
      answer.ReplicationStatus?.map(({ Region }) => Region),
      [INDIA],
    )
    await assert.rejects(regions.describe(EUROPE), { name: 'ResourceNotFoundException' })
    await regions.secrets().send(new PutSecretValueCommand({ SecretId: 'db', SecretString: 'two' }))
    await regions.settle()
    assert.equal(await regions.value(INDIA), 'two')
    await assert.rejects(regions.describe(EUROPE), { name: 'ResourceNotFoundException' })
  })

  test('a secret without replicas left is like one that never had any, and its regions’ names are free', async () => {
    await using regions = await Regions.start()
    await regions.createReplicated()
    assert.deepEqual((await remove(regions, [EUROPE])).ReplicationStatus, [])
    const { PrimaryRegion, ReplicationStatus } = await regions.describe()
    assert.deepEqual([PrimaryRegion, ReplicationStatus], [undefined, undefined])
    await regions.secrets(EUROPE).send(new CreateSecretCommand({ Name: 'db', SecretString: 'own' }))
    await regions.secrets().send(new DeleteSecretCommand({ SecretId: 'db' }))
  })

  test('a replica that was on its way is not made', async () => {
    await using regions = await Regions.start()
    await regions.create({ AddReplicaRegions: [{ Region: EUROPE }] })
    await remove(regions, [EUROPE])
    await regions.settle()
    await assert.rejects(regions.describe(EUROPE), { name: 'ResourceNotFoundException' })
  })

  test('a secret that stood in a Failed replica’s way stays', async () => {
    await using regions = await Regions.start()
    await regions.secrets(EUROPE).send(new CreateSecretCommand({ Name: 'db', SecretString: 'theirs' }))
    await regions.createReplicated()
    assert.equal((await regions.status()).Status, 'Failed')
    await remove(regions, [EUROPE])
    assert.equal(await regions.value(EUROPE), 'theirs')
  })

  test('a replica that was promoted stays, though it has the ARN of the next one', async () => {
    await using regions = await Regions.start()
    await regions.createReplicated()
    await regions.secrets(EUROPE).send(new StopReplicationToReplicaCommand({ SecretId: 'db' }))
    await regions.replicate(EUROPE)
    assert.equal((await regions.status()).Status, 'Failed')
    await remove(regions, [EUROPE])
    assert.equal(await regions.value(EUROPE), 'one')
  })

  test('regions without a replica are passed over', async () => {
    await using regions = await Regions.start()
    await regions.createReplicated([EUROPE])
    await remove(regions, [INDIA, 'us-west-2'])
    assert.equal((await regions.status()).Status, 'InSync')
  })

  test('InvalidParameterException for the secret’s own region', async () => {
    await using regions = await Regions.start()
    await regions.createReplicated()
    await assert.rejects(remove(regions, [EUROPE, TEST_REGION]), {
      name: 'InvalidParameterException',
      message: 'Invalid replica region.',
    })
    assert.equal(await regions.value(EUROPE), 'one')
  })

  test('InvalidParameterException at a replica', async () => {
    await using regions = await Regions.start()
    await regions.createReplicated()
    await assert.rejects(remove(regions, [INDIA], EUROPE), READ_ONLY)
  })

  test('InvalidRequestException for a secret in its recovery window', async () => {
    await using regions = await Regions.start()
    await regions.create()
    await regions.secrets().send(new DeleteSecretCommand({ SecretId: 'db' }))
    await assert.rejects(remove(regions, [EUROPE]), { name: 'InvalidRequestException' })
  })

  test('ResourceNotFoundException for a secret that is not there', async () => {
    await using regions = await Regions.start()
    await assert.rejects(remove(regions, [EUROPE]), { name: 'ResourceNotFoundException' })
  })
})
