import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import {
  BatchGetSecretValueCommand,
  CancelRotateSecretCommand,
  CreateSecretCommand,
  DeleteResourcePolicyCommand,
  DeleteSecretCommand,
  DescribeSecretCommand,
  GetRandomPasswordCommand,
  GetResourcePolicyCommand,
  GetSecretValueCommand,
  ListSecretsCommand,
  ListSecretVersionIdsCommand,
  PutResourcePolicyCommand,
  PutSecretValueCommand,
  RemoveRegionsFromReplicationCommand,
  ReplicateSecretToRegionsCommand,
  RestoreSecretCommand,
  RotateSecretCommand,
  SecretsManagerClient,
  StopReplicationToReplicaCommand,
  TagResourceCommand,
  UntagResourceCommand,
  UpdateSecretCommand,
  UpdateSecretVersionStageCommand,
  ValidateResourcePolicyCommand,
} from '@aws-sdk/client-secrets-manager'
import { startServer } from '../../testing/server.ts'
import { secretsmanager } from './index.ts'

const VERSION = '11111111-1111-4111-8111-111111111111'
const EVERYONE = JSON.stringify({
  Version: '2012-10-17',
  Statement: { Effect: 'Allow', Principal: '*', Action: 'secretsmanager:GetSecretValue', Resource: '*' },
})

type Call = (secrets: SecretsManagerClient, id: string) => Promise<unknown>

/** Every operation about one secret, as a call on whatever id it is given. */
const onOneSecret: Record<string, Call> = {
  CancelRotateSecret: (s, SecretId) => s.send(new CancelRotateSecretCommand({ SecretId })),
  CreateSecret: (s, Name) => s.send(new CreateSecretCommand({ Name, SecretString: 'x' })),
  DeleteResourcePolicy: (s, SecretId) => s.send(new DeleteResourcePolicyCommand({ SecretId })),
  DeleteSecret: (s, SecretId) => s.send(new DeleteSecretCommand({ SecretId })),
  DescribeSecret: (s, SecretId) => s.send(new DescribeSecretCommand({ SecretId })),
  GetResourcePolicy: (s, SecretId) => s.send(new GetResourcePolicyCommand({ SecretId })),
  GetSecretValue: (s, SecretId) => s.send(new GetSecretValueCommand({ SecretId })),
  ListSecretVersionIds: (s, SecretId) => s.send(new ListSecretVersionIdsCommand({ SecretId })),
  PutResourcePolicy: (s, SecretId) =>
    s.send(new PutResourcePolicyCommand({ SecretId, ResourcePolicy: EVERYONE })),
  PutSecretValue: (s, SecretId) => s.send(new PutSecretValueCommand({ SecretId, SecretString: 'x' })),
  RemoveRegionsFromReplication: (s, SecretId) =>
    s.send(new RemoveRegionsFromReplicationCommand({ SecretId, RemoveReplicaRegions: ['eu-west-1'] })),
  ReplicateSecretToRegions: (s, SecretId) =>
    s.send(new ReplicateSecretToRegionsCommand({ SecretId, AddReplicaRegions: [{ Region: 'eu-west-1' }] })),
  RestoreSecret: (s, SecretId) => s.send(new RestoreSecretCommand({ SecretId })),
  RotateSecret: (s, SecretId) => s.send(new RotateSecretCommand({ SecretId })),
  StopReplicationToReplica: (s, SecretId) => s.send(new StopReplicationToReplicaCommand({ SecretId })),
  TagResource: (s, SecretId) => s.send(new TagResourceCommand({ SecretId, Tags: [{ Key: 'a', Value: '' }] })),
  UntagResource: (s, SecretId) => s.send(new UntagResourceCommand({ SecretId, TagKeys: ['a'] })),
  UpdateSecret: (s, SecretId) => s.send(new UpdateSecretCommand({ SecretId, SecretString: 'x' })),
  UpdateSecretVersionStage: (s, SecretId) =>
    s.send(new UpdateSecretVersionStageCommand({ SecretId, VersionStage: 'x', MoveToVersionId: VERSION })),
  ValidateResourcePolicy: (s, SecretId) =>
    s.send(new ValidateResourcePolicyCommand({ SecretId, ResourcePolicy: EVERYONE })),
}

/** The operations that touch no secret in particular. */
const onNone: Record<string, Call> = {
  BatchGetSecretValue: (s, id) => s.send(new BatchGetSecretValueCommand({ SecretIdList: [id] })),
  GetRandomPassword: (s) => s.send(new GetRandomPasswordCommand({})),
  ListSecrets: (s) => s.send(new ListSecretsCommand({})),
}

test('every operation is in one of the tables', () => {
  const tested = [...Object.keys(onOneSecret), ...Object.keys(onNone)]
  assert.deepEqual(tested.toSorted(), Object.keys(secretsmanager).toSorted())
})

describe('AccessDeniedException — the same words whether or not the secret is there', () => {
  for (const [operation, call] of Object.entries(onOneSecret)) {
    test(operation, async () => {
      await using server = await startServer()
      const admin = server.sdk(SecretsManagerClient, server.admin)
      const Tags = [{ Key: 'a', Value: 'b' }]
      const { ARN = '' } = await admin.send(
        new CreateSecretCommand({ Name: 'there', SecretString: 'x', Tags }),
      )
      await admin.send(new PutResourcePolicyCommand({ SecretId: 'there', ResourcePolicy: forSomebodyElse() }))
      const user = await server.user()
      const secrets = server.sdk(SecretsManagerClient, user)
      const action = `secretsmanager:${operation}`
      const gone = ARN.replace(':secret:there', ':secret:gone')
      const ids = operation === 'CreateSecret' ? ['there', 'gone'] : ['there', 'gone', ARN, gone]
      for (const id of [...ids, 'not a name']) {
        await assert.rejects(call(secrets, id), {
          name: 'AccessDeniedException',
          message: `User: ${user.arn} is not authorized to perform: ${action} on resource: ${id} because no identity-based policy allows the ${action} action`,
        })
      }
    })
  }
})

describe('AccessDeniedException — no resource is named where there is none', () => {
  for (const [operation, call] of Object.entries(onNone)) {
    test(operation, async () => {
      await using server = await startServer()
      const user = await server.user()
      const action = `secretsmanager:${operation}`
      await assert.rejects(call(server.sdk(SecretsManagerClient, user), 'db'), {
        name: 'AccessDeniedException',
        message: `User: ${user.arn} is not authorized to perform: ${action} because no identity-based policy allows the ${action} action`,
      })
    })
  }
})

/** A resource policy that lets in only the account's root. */
function forSomebodyElse(): string {
  const Principal = { AWS: 'arn:aws:iam::111122223333:root' }
  const Condition = { StringEquals: { 'aws:PrincipalType': 'Account' } }
  return JSON.stringify({
    Version: '2012-10-17',
    Statement: { Effect: 'Allow', Principal, Action: 'secretsmanager:*', Resource: '*', Condition },
  })
}
