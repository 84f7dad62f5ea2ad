import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { CreateSecretCommand, type CreateSecretRequest } from '@aws-sdk/client-secrets-manager'
import { TEST_REGION } from '../../testing/server.ts'
import { EUROPE, INDIA, placeIn, Regions } from './replicas.test-support.ts'

const VERSION = '11111111-1111-4111-8111-111111111111'
const INPUT: CreateSecretRequest = {
  Name: 'db',
  SecretString: 'one',
  ClientRequestToken: VERSION,
  AddReplicaRegions: [{ Region: EUROPE }, { Region: INDIA }],
}

describe('CreateSecret with AddReplicaRegions', () => {
  test('makes the secret at once and its replicas soon', async () => {
    await using regions = await Regions.start()
    const { ReplicationStatus, VersionId } = await regions.secrets().send(new CreateSecretCommand(INPUT))
    assert.equal(VersionId, VERSION)
    const told = ReplicationStatus?.map(({ Region, Status }) => [Region, Status])
    assert.deepEqual(told, [
      [EUROPE, 'InProgress'],
      [INDIA, 'InProgress'],
    ])
    await regions.settle()
    for (const region of [EUROPE, INDIA]) {
      assert.equal((await regions.status(region)).Status, 'InSync')
      assert.equal(await regions.value(region), 'one')
    }
  })

  test('without a value the replicas get theirs with the primary’s first', async () => {
    await using regions = await Regions.start()
    const { SecretString: _, ClientRequestToken: __, ...bare } = INPUT
    const { ReplicationStatus } = await regions.secrets().send(new CreateSecretCommand(bare))
    assert.equal(ReplicationStatus?.length, 2)
    await regions.settle()
    assert.equal((await regions.describe(EUROPE)).VersionIdsToStages, undefined)
  })

  test('no ReplicationStatus without replicas', async () => {
    await using regions = await Regions.start()
    const answer = await regions
      .secrets()
      .send(new CreateSecretCommand({ ...INPUT, AddReplicaRegions: undefined }))
    assert.ok(!('ReplicationStatus' in answer))
  })

  test('the same call again answers where the replicas stand, and makes nothing', async () => {
    await using regions = await Regions.start()
    const first = await regions.secrets().send(new CreateSecretCommand(INPUT))
    await regions.settle()
    const again = await regions.secrets().send(new CreateSecretCommand(INPUT))
    assert.equal(again.ARN, first.ARN)
    assert.deepEqual(
      again.ReplicationStatus?.map(({ Status }) => Status),
      ['InSync', 'InSync'],
    )
  })

  for (const [what, AddReplicaRegions] of [
    ['its own region', [{ Region: EUROPE }, { Region: TEST_REGION }]],
    ['a region twice', [{ Region: EUROPE }, { Region: EUROPE }]],
    ['a key that is not there', [{ Region: EUROPE, KmsKeyId: 'alias/none' }]],
  ] as const) {
    test(`InvalidParameterException for ${what}, and no secret is made`, async () => {
      await using regions = await Regions.start()
      const command = new CreateSecretCommand({ ...INPUT, AddReplicaRegions: [...AddReplicaRegions] })
      await assert.rejects(regions.secrets().send(command), { name: 'InvalidParameterException' })
      await regions.settle()
      for (const region of [TEST_REGION, EUROPE])
        assert.equal(await regions.server.house.store.read.secrets.byName(placeIn(region), 'db'), undefined)
    })
  }

  test('ForceOverwriteReplicaSecret takes the name from a secret that has it', async () => {
    await using regions = await Regions.start()
    await regions.secrets(EUROPE).send(new CreateSecretCommand({ Name: 'db', SecretString: 'theirs' }))
    await regions.secrets().send(new CreateSecretCommand({ ...INPUT, ForceOverwriteReplicaSecret: true }))
    await regions.settle()
    assert.equal(await regions.value(EUROPE), 'one')
  })

  test('AccessDeniedException — replicas need ReplicateSecretToRegions, too', async () => {
    await using regions = await Regions.start()
    const user = await regions.server.user({
      Effect: 'Allow',
      Action: 'secretsmanager:CreateSecret',
      Resource: '*',
    })
    await assert.rejects(regions.secrets(TEST_REGION, user).send(new CreateSecretCommand(INPUT)), {
      name: 'AccessDeniedException',
      message: /secretsmanager:ReplicateSecretToRegions/,
    })
    assert.equal(await regions.server.house.store.read.secrets.byName(placeIn(TEST_REGION), 'db'), undefined)
  })
})
