import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { CreateKeyCommand } from '@aws-sdk/client-kms'
import {
  BatchGetSecretValueCommand,
  CreateSecretCommand,
  DeleteResourcePolicyCommand,
  DeleteSecretCommand,
  DescribeSecretCommand,
  GetSecretValueCommand,
  ListSecretVersionIdsCommand,
  PutResourcePolicyCommand,
  PutSecretValueCommand,
  type ReplicaRegionType,
  ReplicateSecretToRegionsCommand,
  type SecretsManagerClient,
  TagResourceCommand,
  UpdateSecretCommand,
} from '@aws-sdk/client-secrets-manager'
import { type Keys, OTHER_ACCOUNT, TEST_ACCOUNT, TEST_REGION } from '../../testing/server.ts'
import { EUROPE, INDIA, Regions } from './replicas.test-support.ts'

const SecretId = 'db'
const ALL = { Effect: 'Allow', Action: ['secretsmanager:*', 'kms:*'], Resource: '*' }
const DENIED = { name: 'AccessDeniedException' }
const KMS_DENIED = { name: 'AccessDeniedException', message: 'Access to KMS is not allowed' }

function deny(Action: string, Condition: object) {
  return { Effect: 'Deny', Action, Resource: '*', Condition }
}

function replicate(regions: Regions, keys: Keys, AddReplicaRegions: ReplicaRegionType[], force?: boolean) {
  const input = { SecretId, AddReplicaRegions, ForceOverwriteReplicaSecret: force }
  return regions.secrets(TEST_REGION, keys).send(new ReplicateSecretToRegionsCommand(input))
}

/** A key of a region, with a policy that lets its account's policies decide but keeps `arn` from some actions. */
async function keyWithout(regions: Regions, region: string, arn: string, Action: readonly string[]) {
  const Policy = JSON.stringify({
    Version: '2012-10-17',
    Statement: [
      {
        Effect: 'Allow',
        Principal: { AWS: `arn:aws:iam::${TEST_ACCOUNT}:root` },
        Action: 'kms:*',
        Resource: '*',
      },
      { Effect: 'Deny', Principal: { AWS: arn }, Action, Resource: '*' },
    ],
  })
  const { KeyMetadata } = await regions.kms(region).send(new CreateKeyCommand({ Policy }))
  return KeyMetadata?.KeyId ?? ''
}

describe('who may replicate', () => {
  test('AccessDeniedException by secretsmanager:AddReplicaRegions', async () => {
    await using regions = await Regions.start()
    await regions.create()
    const Condition = { 'ForAnyValue:StringEquals': { 'secretsmanager:AddReplicaRegions': [INDIA] } }
    const user = await regions.server.user(ALL, deny('secretsmanager:ReplicateSecretToRegions', Condition))
    await assert.rejects(replicate(regions, user, [{ Region: EUROPE }, { Region: INDIA }]), DENIED)
    await replicate(regions, user, [{ Region: EUROPE }])
  })

  test('AccessDeniedException by secretsmanager:ForceOverwriteReplicaSecret', async () => {
    await using regions = await Regions.start()
    await regions.create()
    const Condition = { Bool: { 'secretsmanager:ForceOverwriteReplicaSecret': 'true' } }
    const user = await regions.server.user(ALL, deny('secretsmanager:ReplicateSecretToRegions', Condition))
    await assert.rejects(replicate(regions, user, [{ Region: EUROPE }], true), DENIED)
    await replicate(regions, user, [{ Region: EUROPE }], false)
  })

  test('AccessDeniedException at replicas alone, by secretsmanager:SecretPrimaryRegion', async () => {
    await using regions = await Regions.start()
    await regions.createReplicated()
    await regions.secrets(EUROPE).send(new CreateSecretCommand({ Name: 'own', SecretString: 'x' }))
    const Condition = { StringNotEquals: { 'secretsmanager:SecretPrimaryRegion': EUROPE } }
    const user = await regions.server.user(ALL, deny('secretsmanager:GetSecretValue', Condition))
    const read = (id: string) =>
      regions.secrets(EUROPE, user).send(new GetSecretValueCommand({ SecretId: id }))
    await assert.rejects(read('db'), DENIED)
    assert.equal((await read('own')).SecretString, 'x')
  })

  test('a replica is read by its own ARN, in its own region', async () => {
    await using regions = await Regions.start()
    const arn = await regions.createReplicated()
    const Action = 'secretsmanager:GetSecretValue'
    const user = await regions.server.user({
      Effect: 'Allow',
      Action,
      Resource: arn.replace(TEST_REGION, EUROPE),
    })
    const read = (region: string) =>
      regions.secrets(region, user).send(new GetSecretValueCommand({ SecretId }))
    assert.equal((await read(EUROPE)).SecretString, 'one')
    await assert.rejects(read(TEST_REGION), DENIED)
  })

  test('AccessDeniedException — a region that policies keep the caller out of gets no replica', async () => {
    await using regions = await Regions.start()
    await regions.create()
    const Condition = { StringNotEquals: { 'aws:RequestedRegion': [TEST_REGION, INDIA] } }
    const user = await regions.server.user(ALL, deny('*', Condition))
    await assert.rejects(replicate(regions, user, [{ Region: EUROPE }]), KMS_DENIED)
    await replicate(regions, user, [{ Region: INDIA }])
  })

  for (const action of ['kms:GenerateDataKey', 'kms:Encrypt']) {
    test(`AccessDeniedException — a replica’s key needs ${action}, and nothing is stored`, async () => {
      await using regions = await Regions.start()
      await regions.create()
      const user = await regions.server.user(ALL)
      const KmsKeyId = await keyWithout(regions, EUROPE, user.arn, [action])
      await assert.rejects(replicate(regions, user, [{ Region: EUROPE, KmsKeyId }]), KMS_DENIED)
      assert.equal((await regions.describe()).ReplicationStatus, undefined)
    })
  }

  test('AccessDeniedException — who may not decrypt what is there may not have it copied', async () => {
    await using regions = await Regions.start()
    const user = await regions.server.user(ALL)
    const KmsKeyId = await keyWithout(regions, TEST_REGION, user.arn, ['kms:Decrypt'])
    await regions.create({ KmsKeyId })
    await assert.rejects(replicate(regions, user, [{ Region: EUROPE }]), KMS_DENIED)
    // Under the account's own key it is everybody's who may use the service.
    await regions.secrets().send(new UpdateSecretCommand({ SecretId, KmsKeyId: '' }))
    await replicate(regions, user, [{ Region: EUROPE }])
  })

  test('AccessDeniedException — another account needs a key that it may use', async () => {
    await using regions = await Regions.start()
    const arn = await regions.create()
    const Principal = { AWS: `arn:aws:iam::${OTHER_ACCOUNT}:root` }
    const Statement = { Effect: 'Allow', Principal, Action: 'secretsmanager:*', Resource: '*' }
    const ResourcePolicy = JSON.stringify({ Version: '2012-10-17', Statement })
    await regions.secrets().send(new PutResourcePolicyCommand({ SecretId, ResourcePolicy }))
    const theirs = regions.secrets(TEST_REGION, regions.server.otherAdmin)
    const input = { SecretId: arn, AddReplicaRegions: [{ Region: EUROPE }] }
    await assert.rejects(theirs.send(new ReplicateSecretToRegionsCommand(input)), KMS_DENIED)
  })
})

describe('a region answers for its own secrets alone', () => {
  const calls: Record<string, (secrets: SecretsManagerClient, arn: string) => Promise<unknown>> = {
    DeleteResourcePolicy: (s, id) => s.send(new DeleteResourcePolicyCommand({ SecretId: id })),
    DeleteSecret: (s, id) => s.send(new DeleteSecretCommand({ SecretId: id })),
    DescribeSecret: (s, id) => s.send(new DescribeSecretCommand({ SecretId: id })),
    GetSecretValue: (s, id) => s.send(new GetSecretValueCommand({ SecretId: id })),
    ListSecretVersionIds: (s, id) => s.send(new ListSecretVersionIdsCommand({ SecretId: id })),
    PutSecretValue: (s, id) => s.send(new PutSecretValueCommand({ SecretId: id, SecretString: 'x' })),
    ReplicateSecretToRegions: (s, id) =>
      s.send(new ReplicateSecretToRegionsCommand({ SecretId: id, AddReplicaRegions: [{ Region: INDIA }] })),
    TagResource: (s, id) => s.send(new TagResourceCommand({ SecretId: id, Tags: [{ Key: 'a', Value: '' }] })),
    UpdateSecret: (s, id) => s.send(new UpdateSecretCommand({ SecretId: id, Description: 'x' })),
  }
  for (const [operation, call] of Object.entries(calls)) {
    test(`ResourceNotFoundException for another region’s ARN: ${operation}`, async () => {
      await using regions = await Regions.start()
      const arn = await regions.create()
      const before = await regions.describe()
      // Whole, and without its suffix.
      for (const id of [arn, arn.slice(0, -7)])
        await assert.rejects(call(regions.secrets(EUROPE), id), { name: 'ResourceNotFoundException' })
      assert.deepEqual(await regions.describe(), before)
    })
  }

  test('BatchGetSecretValue lists it among its errors', async () => {
    await using regions = await Regions.start()
    const arn = await regions.create()
    const command = new BatchGetSecretValueCommand({ SecretIdList: [arn] })
    const { Errors, SecretValues } = await regions.secrets(EUROPE).send(command)
    assert.deepEqual(
      [SecretValues, Errors?.map(({ ErrorCode }) => ErrorCode)],
      [[], ['ResourceNotFoundException']],
    )
  })

  test('forcing the deletion of another region’s ARN succeeds, as for any that is not there, and deletes nothing', async () => {
    await using regions = await Regions.start()
    const arn = await regions.create()
    const command = new DeleteSecretCommand({ SecretId: arn, ForceDeleteWithoutRecovery: true })
    await regions.secrets(EUROPE).send(command)
    assert.equal(await regions.value(TEST_REGION), 'one')
  })
})
