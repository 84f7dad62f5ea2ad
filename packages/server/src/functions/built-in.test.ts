import assert from 'node:assert/strict'
import { test } from 'node:test'
import { GetRoleCommand, IAMClient } from '@aws-sdk/client-iam'
import {
  CreateSecretCommand,
  GetSecretValueCommand,
  RotateSecretCommand,
  SecretsManagerClient,
  type Tag,
} from '@aws-sdk/client-secrets-manager'
import { CreateAssociationCommand, SSMClient } from '@aws-sdk/client-ssm'
import { systemRandom } from '../platform/random.ts'
import { rotationSessionPolicy } from '../rotation/session-policy.ts'
import { TEST_ACCOUNT, TEST_REGION } from '../testing/server.ts'
import { findFunction } from './find-function.ts'
import { FunctionHouse } from './functions.test-support.ts'
import { roleCredentials } from './role-session.ts'

/** By the server itself, not by anybody's call. */
const MADE = 'AwsServiceEvent CreateRole'
const RANDOM_PASSWORD = 'arn:aws:lambda:us-east-1:111122223333:function:lockstep-rotate-random-password'

test('a secret is rotated by a built-in function, in processes that call the server as the account’s role', async () => {
  await using house = await FunctionHouse.open({ listens: true })
  const iam = house.server.sdk(IAMClient, house.server.admin)
  const role = new GetRoleCommand({ RoleName: 'lockstep-rotation' })
  await assert.rejects(iam.send(role), { name: 'NoSuchEntityException' })
  const secrets = house.server.sdk(SecretsManagerClient, house.server.admin)
  const SecretString = JSON.stringify({ username: 'app', password: 'old' })
  await secrets.send(new CreateSecretCommand({ Name: 'db', SecretString }))
  await secrets.send(
    new RotateSecretCommand({
      SecretId: 'db',
      RotationLambdaARN: RANDOM_PASSWORD,
      RotationRules: { AutomaticallyAfterDays: 30 },
    }),
  )
  await house.server.house.scheduler.settle()
  const current = await secrets.send(new GetSecretValueCommand({ SecretId: 'db' }))
  const { username, password } = JSON.parse(current.SecretString ?? '')
  assert.equal(username, 'app')
  assert.notEqual(password, 'old')
  const { Role } = await iam.send(role)
  assert.equal(Role?.Arn, 'arn:aws:iam::111122223333:role/service-role/lockstep-rotation')
  const events = await house.server.trail()
  const made = events.filter(({ eventName, eventType }) => `${eventType} ${eventName}` === MADE)
  assert.deepEqual(
    made.map(({ resources }) => resources),
    [[{ accountId: '111122223333', ARN: Role?.Arn, type: 'AWS::IAM::Role' }]],
  )
  const put = events.find(({ eventName }) => eventName === 'PutSecretValue')
  assert.ok(put)
  const { arn } = put.userIdentity as { arn: string }
  const session = 'assumed-role/lockstep-rotation/lockstep-rotate-random-password'
  assert.equal(arn, `arn:aws:sts::111122223333:${session}`)
})

test('while it rotates one secret, a built-in function reads another only where it is marked as a superuser’s', async () => {
  await using house = await FunctionHouse.open()
  const secrets = house.server.sdk(SecretsManagerClient, house.server.admin)
  const make = async (Name: string, Tags: Tag[] = []) =>
    (await secrets.send(new CreateSecretCommand({ Name, SecretString: Name, Tags }))).ARN ?? ''
  const [own, other] = [await make('own'), await make('other')]
  const superuser = await make('superuser', [{ Key: 'lockstep:rotation-superuser', Value: 'true' }])
  for (const SecretId of [own, other]) {
    const RotationRules = { AutomaticallyAfterDays: 30 }
    const rotate = { SecretId, RotationLambdaARN: RANDOM_PASSWORD, RotationRules, RotateImmediately: false }
    await secrets.send(new RotateSecretCommand(rotate))
  }
  const { store, bus, keyring, clock, random } = {
    ...house.server.house,
    clock: house.server.clock,
    random: systemRandom,
  }
  const record = await findFunction(
    store.read.functions,
    { account: TEST_ACCOUNT, region: TEST_REGION },
    'aws',
    'lockstep-rotate-random-password',
  )
  assert.ok(record)
  const policy = rotationSessionPolicy(record, own)
  const variables = await roleCredentials(record, policy, { store, bus, keyring, clock, random })
  const session = house.server.sdk(SecretsManagerClient, {
    accessKeyId: variables.AWS_ACCESS_KEY_ID ?? '',
    secretAccessKey: variables.AWS_SECRET_ACCESS_KEY ?? '',
    sessionToken: variables.AWS_SESSION_TOKEN,
  })
  const read = async (SecretId: string) =>
    (await session.send(new GetSecretValueCommand({ SecretId }))).SecretString
  assert.equal(await read(own), 'own')
  assert.equal(await read(superuser), 'superuser')
  await assert.rejects(read(other), { name: 'AccessDeniedException' })
})

test('the built-in functions may change nodes that have the tag RotateSSHKeys, and no others', async () => {
  await using house = await FunctionHouse.open()
  const secrets = house.server.sdk(SecretsManagerClient, house.server.admin)
  const { ARN = '' } = await secrets.send(new CreateSecretCommand({ Name: 'ssh', SecretString: '{}' }))
  const world = { ...house.server.house, clock: house.server.clock, random: systemRandom }
  const place = { account: TEST_ACCOUNT, region: TEST_REGION }
  const may = async (name: string, tags: Record<string, string>): Promise<boolean> => {
    const record = await findFunction(world.store.read.functions, place, 'aws', name)
    assert.ok(record)
    const variables = await roleCredentials(record, rotationSessionPolicy(record, ARN), world)
    const ssm = house.server.sdk(SSMClient, {
      accessKeyId: variables.AWS_ACCESS_KEY_ID ?? '',
      secretAccessKey: variables.AWS_SECRET_ACCESS_KEY ?? '',
      sessionToken: variables.AWS_SESSION_TOKEN,
    })
    const [tag = ['', '']] = Object.entries(tags)
    const association = new CreateAssociationCommand({
      Name: 'AWS-RunShellScript',
      Targets: [{ Key: `tag:${tag[0]}`, Values: [tag[1]] }],
      Parameters: { commands: ['true'] },
    })
    try {
      await ssm.send(association)
      return true
    } catch (error) {
      assert.equal(error instanceof Error && error.name, 'AccessDeniedException')
      return false
    }
  }
  const ssh = 'lockstep-rotate-ssh-key-pair'
  assert.equal(await may(ssh, { RotateSSHKeys: 'True' }), true)
  assert.equal(await may(ssh, { RotateSSHKeys: 'blue' }), true)
  assert.equal(await may(ssh, { Team: 'blue' }), false)
  // What another of them does has nothing to do with nodes.
  assert.equal(await may('lockstep-rotate-random-password', { RotateSSHKeys: 'True' }), false)
})
