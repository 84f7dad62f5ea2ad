import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import {
  CreateSecretCommand,
  DeleteSecretCommand,
  type ReplicaRegionType,
  ReplicateSecretToRegionsCommand,
} from '@aws-sdk/client-secrets-manager'
import { eventually } from '../../testing/eventually.ts'
import { TEST_REGION } from '../../testing/server.ts'
import { EUROPE, INDIA, placeIn, READ_ONLY, Regions } from './replicas.test-support.ts'

function replicate(regions: Regions, AddReplicaRegions: ReplicaRegionType[], force?: boolean, from?: string) {
  const input = { SecretId: 'db', AddReplicaRegions, ForceOverwriteReplicaSecret: force }
  return regions.secrets(from).send(new ReplicateSecretToRegionsCommand(input))
}

describe('ReplicateSecretToRegions', () => {
  test('answers InProgress; then the replica is there, with the primary’s name, suffix, value and metadata', async () => {
    await using regions = await Regions.start()
    const arn = await regions.create({ Description: 'the db', Tags: [{ Key: 'team', Value: 'a' }] })
    const answer = await replicate(regions, [{ Region: EUROPE }, { Region: INDIA }])
    assert.equal(answer.ARN, arn)
    assert.deepEqual(answer.ReplicationStatus, [
      { Region: EUROPE, KmsKeyId: 'alias/aws/secretsmanager', Status: 'InProgress' },
      { Region: INDIA, KmsKeyId: 'alias/aws/secretsmanager', Status: 'InProgress' },
    ])
    await regions.settle()
    for (const region of [EUROPE, INDIA]) {
      const { ARN, Name, Description, Tags, PrimaryRegion, ReplicationStatus } =
        await regions.describe(region)
      assert.equal(ARN, arn.replace(TEST_REGION, region))
      assert.deepEqual([Name, Description, Tags], ['db', 'the db', [{ Key: 'team', Value: 'a' }]])
      assert.deepEqual([PrimaryRegion, ReplicationStatus], [TEST_REGION, undefined])
      assert.equal(await regions.value(region), 'one')
      const { Status, StatusMessage } = await regions.status(region)
      assert.deepEqual([Status, StatusMessage], ['InSync', 'Replication succeeded'])
    }
    assert.equal((await regions.describe()).PrimaryRegion, TEST_REGION)
  })

  test('a region’s replica tells when it was last read, and its primary does, too', async () => {
    await using regions = await Regions.start()
    await regions.createReplicated()
    assert.equal((await regions.status()).LastAccessedDate, undefined)
    await regions.value(EUROPE)
    await eventually(async () => {
      const { LastAccessedDate } = await regions.status()
      assert.equal(LastAccessedDate?.toISOString().slice(11), '00:00:00.000Z')
    })
    assert.equal((await regions.describe()).LastAccessedDate, undefined)
  })

  for (const [what, list] of [
    ['the secret’s own region', [{ Region: TEST_REGION }]],
    ['a region that this server does not answer for', [{ Region: 'us-west-2' }]],
    ['no region', [{}]],
  ] as const) {
    test(`InvalidParameterException for ${what}, and nothing is stored`, async () => {
      await using regions = await Regions.start()
      await regions.create()
      await assert.rejects(replicate(regions, [{ Region: EUROPE }, ...list]), {
        name: 'InvalidParameterException',
        message: 'Invalid replica region.',
      })
      await regions.settle()
      assert.equal((await regions.describe()).ReplicationStatus, undefined)
      assert.equal(await regions.server.house.store.read.secrets.byName(placeIn(EUROPE), 'db'), undefined)
    })
  }

  test('InvalidParameterException for a region that is named twice', async () => {
    await using regions = await Regions.start()
    await regions.create()
    await assert.rejects(replicate(regions, [{ Region: EUROPE }, { Region: EUROPE }]), {
      name: 'InvalidParameterException',
    })
    assert.equal((await regions.describe()).ReplicationStatus, undefined)
  })

  test('InvalidParameterException for a key that is not in the replica’s region', async () => {
    await using regions = await Regions.start()
    await regions.create()
    await assert.rejects(replicate(regions, [{ Region: EUROPE, KmsKeyId: 'alias/none' }]), {
      name: 'InvalidParameterException',
    })
    assert.equal((await regions.describe()).ReplicationStatus, undefined)
  })

  test('InvalidParameterException for a replica: it has no replicas of its own', async () => {
    await using regions = await Regions.start()
    await regions.createReplicated()
    await assert.rejects(replicate(regions, [{ Region: INDIA }], false, EUROPE), READ_ONLY)
  })

  test('InvalidRequestException for a secret in its recovery window', async () => {
    await using regions = await Regions.start()
    await regions.create()
    await regions.secrets().send(new DeleteSecretCommand({ SecretId: 'db' }))
    await assert.rejects(replicate(regions, [{ Region: EUROPE }]), { name: 'InvalidRequestException' })
  })

  test('ResourceNotFoundException for a secret that is not there', async () => {
    await using regions = await Regions.start()
    await assert.rejects(replicate(regions, [{ Region: EUROPE }]), { name: 'ResourceNotFoundException' })
  })

  test('a secret that has the name there stays, and the replica is Failed', async () => {
    await using regions = await Regions.start()
    await regions.create()
    await regions.secrets(EUROPE).send(new CreateSecretCommand({ Name: 'db', SecretString: 'theirs' }))
    await replicate(regions, [{ Region: EUROPE }, { Region: INDIA }])
    await regions.settle()
    const { Status, StatusMessage } = await regions.status()
    assert.deepEqual(
      [Status, StatusMessage],
      ['Failed', 'Secret with this name already exists in this region'],
    )
    assert.equal(await regions.value(EUROPE), 'theirs')
    assert.equal((await regions.status(INDIA)).Status, 'InSync')
  })

  test('with ForceOverwriteReplicaSecret it makes way', async () => {
    await using regions = await Regions.start()
    const arn = await regions.create()
    await regions.secrets(EUROPE).send(new CreateSecretCommand({ Name: 'db', SecretString: 'theirs' }))
    await replicate(regions, [{ Region: EUROPE }])
    await regions.settle()
    await replicate(regions, [{ Region: EUROPE }], true)
    await regions.settle()
    assert.equal((await regions.status()).Status, 'InSync')
    assert.equal((await regions.describe(EUROPE)).ARN, arn.replace(TEST_REGION, EUROPE))
    assert.equal(await regions.value(EUROPE), 'one')
  })

  test('another primary’s replica does not make way, not even by force', async () => {
    await using regions = await Regions.start()
    await regions.createReplicated([EUROPE])
    await regions.secrets(INDIA).send(new CreateSecretCommand({ Name: 'db', SecretString: 'theirs' }))
    await regions.secrets(INDIA).send(
      new ReplicateSecretToRegionsCommand({
        SecretId: 'db',
        AddReplicaRegions: [{ Region: EUROPE }],
        ForceOverwriteReplicaSecret: true,
      }),
    )
    await regions.settle()
    assert.equal((await regions.describe(INDIA)).ReplicationStatus?.[0]?.Status, 'Failed')
    assert.equal(await regions.value(EUROPE), 'one')
    assert.equal((await regions.describe(EUROPE)).PrimaryRegion, TEST_REGION)
  })

  test('a name whose recovery window is over is free', async () => {
    await using regions = await Regions.start()
    await regions.secrets(EUROPE).send(new CreateSecretCommand({ Name: 'db', SecretString: 'theirs' }))
    const away = { SecretId: 'db', RecoveryWindowInDays: 7 }
    await regions.secrets(EUROPE).send(new DeleteSecretCommand(away))
    await regions.create()
    await regions.replicate(EUROPE)
    assert.equal((await regions.status()).Status, 'Failed')
    regions.server.clock.advance(7 * 86_400)
    await regions.replicate(EUROPE)
    assert.equal((await regions.status()).Status, 'InSync')
    assert.equal(await regions.value(EUROPE), 'one')
  })

  test('a secret without a value has a replica without one', async () => {
    await using regions = await Regions.start()
    await regions.createReplicated([EUROPE], { SecretString: undefined })
    assert.equal((await regions.status()).Status, 'InSync')
    await assert.rejects(regions.value(EUROPE), { name: 'ResourceNotFoundException' })
  })

  test('the trail tells when it began and how it ended, in the primary’s region', async () => {
    await using regions = await Regions.start()
    const arn = await regions.createReplicated()
    const [started] = await regions.events('ReplicationStarted')
    const [succeeded, ...others] = await regions.events('ReplicationSucceeded')
    assert.equal(others.length, 0)
    assert.deepEqual(started?.additionalEventData, { SecretId: arn, ReplicaRegion: EUROPE })
    assert.deepEqual(succeeded?.additionalEventData, { SecretId: arn, ReplicaRegion: EUROPE })
    assert.deepEqual([succeeded?.eventType, succeeded?.awsRegion], ['AwsServiceEvent', TEST_REGION])
    const ofReplica = { accountId: '111122223333', type: 'AWS::SecretsManager::Secret' }
    assert.deepEqual(succeeded?.resources, [
      { ...ofReplica, ARN: arn },
      { ...ofReplica, ARN: arn.replace(TEST_REGION, EUROPE) },
    ])
  })
})
