import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import {
  BatchGetSecretValueCommand,
  CancelRotateSecretCommand,
  CreateSecretCommand,
  DeleteResourcePolicyCommand,
  DeleteSecretCommand,
  GetResourcePolicyCommand,
  ListSecretsCommand,
  ListSecretVersionIdsCommand,
  PutResourcePolicyCommand,
  PutSecretValueCommand,
  RemoveRegionsFromReplicationCommand,
  ReplicateSecretToRegionsCommand,
  RestoreSecretCommand,
  RotateSecretCommand,
  type SecretsManagerClient,
  TagResourceCommand,
  UntagResourceCommand,
  UpdateSecretCommand,
  UpdateSecretVersionStageCommand,
} from '@aws-sdk/client-secrets-manager'
import { START_ROTATION } from '../../store/secrets.ts'
import { TEST_REGION } from '../../testing/server.ts'
import { secretsmanager } from './index.ts'
import { EUROPE, INDIA, placeIn, READ_ONLY, Regions } from './replicas.test-support.ts'

const SecretId = 'db'
const POLICY = JSON.stringify({
  Version: '2012-10-17',
  Statement: {
    Effect: 'Allow',
    Principal: { AWS: 'arn:aws:iam::111122223333:root' },
    Action: 'secretsmanager:GetSecretValue',
    Resource: '*',
  },
})
const VERSION = '11111111-1111-4111-8111-111111111111'
const FUNCTION = 'arn:aws:lambda:eu-west-1:111122223333:function:rotate'
const BINARY = new Uint8Array([0, 1, 255])

type Call = (secrets: SecretsManagerClient) => Promise<unknown>

/** Every operation that changes a secret, on a replica. */
const refused: Record<string, Call> = {
  CancelRotateSecret: (s) => s.send(new CancelRotateSecretCommand({ SecretId })),
  DeleteResourcePolicy: (s) => s.send(new DeleteResourcePolicyCommand({ SecretId })),
  DeleteSecret: (s) => s.send(new DeleteSecretCommand({ SecretId })),
  PutResourcePolicy: (s) => s.send(new PutResourcePolicyCommand({ SecretId, ResourcePolicy: POLICY })),
  PutSecretValue: (s) => s.send(new PutSecretValueCommand({ SecretId, SecretString: 'x' })),
  RemoveRegionsFromReplication: (s) =>
    s.send(new RemoveRegionsFromReplicationCommand({ SecretId, RemoveReplicaRegions: [INDIA] })),
  ReplicateSecretToRegions: (s) =>
    s.send(new ReplicateSecretToRegionsCommand({ SecretId, AddReplicaRegions: [{ Region: INDIA }] })),
  RestoreSecret: (s) => s.send(new RestoreSecretCommand({ SecretId })),
  RotateSecret: (s) => s.send(new RotateSecretCommand({ SecretId, RotationLambdaARN: FUNCTION })),
  TagResource: (s) => s.send(new TagResourceCommand({ SecretId, Tags: [{ Key: 'a', Value: '' }] })),
  UntagResource: (s) => s.send(new UntagResourceCommand({ SecretId, TagKeys: ['a'] })),
  UpdateSecret: (s) => s.send(new UpdateSecretCommand({ SecretId, Description: 'x' })),
  UpdateSecretVersionStage: (s) =>
    s.send(new UpdateSecretVersionStageCommand({ SecretId, VersionStage: 'x', MoveToVersionId: VERSION })),
}

/** Those that change something and are not about changing an existing secret, or are for replicas. */
const OTHERS = ['CreateSecret', 'StopReplicationToReplica']

test('every operation that changes something is known here', () => {
  const changing = Object.entries(secretsmanager).filter(([, { access }]) => access === 'write')
  const names = changing.map(([name]) => name).toSorted()
  assert.deepEqual([...Object.keys(refused), ...OTHERS].toSorted(), names)
})

describe('InvalidParameterException — a replica is changed at its primary only', () => {
  for (const [operation, call] of Object.entries(refused)) {
    test(operation, async () => {
      await using regions = await Regions.start()
      await regions.createReplicated()
      const before = await regions.describe(EUROPE)
      await assert.rejects(call(regions.secrets(EUROPE)), READ_ONLY)
      assert.deepEqual(await regions.describe(EUROPE), before)
    })
  }

  test('DeleteSecret without recovery, and UpdateSecret that changes more than the key', async () => {
    await using regions = await Regions.start()
    await regions.createReplicated()
    const replica = regions.secrets(EUROPE)
    const now = new DeleteSecretCommand({ SecretId, ForceDeleteWithoutRecovery: true })
    await assert.rejects(replica.send(now), READ_ONLY)
    for (const more of [{}, { SecretString: 'x' }, { KmsKeyId: '', Description: 'x' }]) {
      await assert.rejects(replica.send(new UpdateSecretCommand({ SecretId, ...more })), READ_ONLY)
    }
    assert.equal(await regions.value(EUROPE), 'one')
  })

  test('CreateSecret finds the name taken, even where it repeats what made the primary', async () => {
    await using regions = await Regions.start()
    const input = { Name: 'db', SecretString: 'one', ClientRequestToken: VERSION }
    await regions.secrets().send(new CreateSecretCommand(input))
    await regions.replicate(EUROPE)
    await assert.rejects(regions.secrets(EUROPE).send(new CreateSecretCommand(input)), {
      name: 'ResourceExistsException',
    })
  })
})

describe('what changes at the primary reaches its replicas', () => {
  const changes: Record<string, Call> = {
    'a value': (s) => s.send(new PutSecretValueCommand({ SecretId, SecretBinary: BINARY })),
    'a description and a value': (s) =>
      s.send(new UpdateSecretCommand({ SecretId, Description: 'other', SecretString: 'two' })),
    'a label': (s) =>
      s.send(
        new UpdateSecretVersionStageCommand({ SecretId, VersionStage: 'MINE', MoveToVersionId: VERSION }),
      ),
    'a tag': (s) => s.send(new TagResourceCommand({ SecretId, Tags: [{ Key: 'b', Value: '2' }] })),
    'a tag less': (s) => s.send(new UntagResourceCommand({ SecretId, TagKeys: ['a'] })),
    'a description less': (s) => s.send(new UpdateSecretCommand({ SecretId, Description: '' })),
  }
  for (const [what, change] of Object.entries(changes)) {
    test(what, async () => {
      await using regions = await Regions.start()
      const Tags = [{ Key: 'a', Value: '1' }]
      await regions.createReplicated([EUROPE], { ClientRequestToken: VERSION, Tags, Description: 'the db' })
      await change(regions.secrets())
      assert.equal((await regions.status()).Status, 'InProgress')
      await regions.settle()
      assert.equal((await regions.status()).Status, 'InSync')
      const primary = await regions.describe()
      const replica = await regions.describe(EUROPE)
      for (const member of ['Description', 'Tags', 'VersionIdsToStages', 'LastChangedDate'] as const)
        assert.deepEqual(replica[member], primary[member], member)
      for (const VersionId of Object.keys(primary.VersionIdsToStages ?? {}))
        assert.equal(
          await regions.value(EUROPE, { VersionId }),
          await regions.value(TEST_REGION, { VersionId }),
        )
    })
  }

  test('a resource policy, and its removal', async () => {
    await using regions = await Regions.start()
    await regions.createReplicated()
    const policy = async () =>
      (await regions.secrets(EUROPE).send(new GetResourcePolicyCommand({ SecretId }))).ResourcePolicy
    await regions.secrets().send(new PutResourcePolicyCommand({ SecretId, ResourcePolicy: POLICY }))
    await regions.settle()
    assert.equal(await policy(), POLICY)
    await regions.secrets().send(new DeleteResourcePolicyCommand({ SecretId }))
    await regions.settle()
    assert.equal(await policy(), undefined)
  })

  test('a version that the primary drops is dropped', async () => {
    await using regions = await Regions.start()
    await regions.createReplicated()
    const put = () => regions.secrets().send(new PutSecretValueCommand({ SecretId, SecretString: 'x' }))
    for (let i = 0; i < 99; i++) await put()
    regions.server.clock.advance(86_401)
    await put()
    await regions.settle()
    const list = { SecretId, IncludeDeprecated: true }
    const idsIn = async (region: string) => {
      const { Versions = [] } = await regions.secrets(region).send(new ListSecretVersionIdsCommand(list))
      return Versions.map(({ VersionId }) => VersionId).toSorted()
    }
    assert.equal((await idsIn(EUROPE)).length, 100)
    assert.deepEqual(await idsIn(EUROPE), await idsIn(TEST_REGION))
  })
})

test('InvalidParameterException — a primary is not deleted while it has replicas, Failed ones included', async () => {
  await using regions = await Regions.start()
  await regions.secrets(INDIA).send(new CreateSecretCommand({ Name: 'db', SecretString: 'theirs' }))
  const arn = await regions.createReplicated([EUROPE, INDIA])
  for (const ForceDeleteWithoutRecovery of [undefined, true]) {
    const command = new DeleteSecretCommand({ SecretId, ForceDeleteWithoutRecovery })
    await assert.rejects(regions.secrets().send(command), {
      name: 'InvalidParameterException',
      message: `You can't delete secret ${arn} that still has replica regions [${EUROPE}, ${INDIA}].`,
    })
  }
  assert.equal(await regions.value(TEST_REGION), 'one')
})

describe('lists', () => {
  test('the filter primary-region finds primaries and replicas alike, and nothing that is not replicated', async () => {
    await using regions = await Regions.start()
    await regions.createReplicated()
    await regions.create({ Name: 'alone' })
    const namesIn = async (region: string, value: string) => {
      const Filters = [{ Key: 'primary-region' as const, Values: [value] }]
      const { SecretList = [] } = await regions.secrets(region).send(new ListSecretsCommand({ Filters }))
      return SecretList.map(({ Name, PrimaryRegion }) => `${Name} of ${PrimaryRegion}`)
    }
    assert.deepEqual(await namesIn(TEST_REGION, TEST_REGION), [`db of ${TEST_REGION}`])
    assert.deepEqual(await namesIn(EUROPE, TEST_REGION), [`db of ${TEST_REGION}`])
    assert.deepEqual(await namesIn(EUROPE, 'us-'), [`db of ${TEST_REGION}`])
    assert.deepEqual(await namesIn(EUROPE, EUROPE), [])
    assert.deepEqual(await namesIn(TEST_REGION, '!us-east-1'), ['alone of undefined'])
  })

  test('BatchGetSecretValue reads replicas in their region', async () => {
    await using regions = await Regions.start()
    await regions.createReplicated()
    const command = new BatchGetSecretValueCommand({ SecretIdList: ['db'] })
    const { SecretValues = [] } = await regions.secrets(EUROPE).send(command)
    assert.deepEqual(
      SecretValues.map(({ SecretString }) => SecretString),
      ['one'],
    )
  })
})

describe('rotation is the primary’s alone', () => {
  function window(regions: Regions, arn: string) {
    const now = regions.server.clock.now()
    const payload = { opensAt: now.getTime(), closesAt: now.getTime() + 3_600_000 }
    return { ...placeIn(EUROPE), id: VERSION, kind: START_ROTATION, key: arn, runAt: now, payload }
  }

  test('a window that opens at a replica begins nothing', async () => {
    await using regions = await Regions.start()
    const arn = (await regions.createReplicated()).replace(TEST_REGION, EUROPE)
    const { store } = regions.server.house
    await store.write(async ({ secrets, jobs }) => {
      const replica = await secrets.byArn(placeIn(EUROPE), arn)
      assert.ok(replica)
      const rules = { scheduleExpression: 'rate(1 day)' }
      await secrets.update({ ...replica, rotation: { enabled: true, lambdaArn: FUNCTION, rules } })
      await jobs.queue(window(regions, arn))
    })
    const before = await regions.describe(EUROPE)
    await regions.settle()
    assert.deepEqual(await regions.describe(EUROPE), before)
  })

  test('a secret that makes way takes its windows with it', async () => {
    await using regions = await Regions.start()
    await regions.create()
    const made = await regions
      .secrets(EUROPE)
      .send(new CreateSecretCommand({ Name: 'db', SecretString: 'x' }))
    const { store } = regions.server.house
    await store.write((tx) => tx.jobs.queue({ ...window(regions, made.ARN ?? ''), runAt: new Date(8e15) }))
    const AddReplicaRegions = [{ Region: EUROPE }]
    const input = { SecretId, AddReplicaRegions, ForceOverwriteReplicaSecret: true }
    await regions.secrets().send(new ReplicateSecretToRegionsCommand(input))
    await regions.settle()
    assert.equal(await regions.value(EUROPE), 'one')
    assert.equal(await store.read.jobs.find(placeIn(EUROPE), START_ROTATION, made.ARN ?? ''), undefined)
  })
})
