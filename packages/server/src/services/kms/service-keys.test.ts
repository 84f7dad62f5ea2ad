import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import {
  CreateAliasCommand,
  CreateGrantCommand,
  DeleteAliasCommand,
  DescribeKeyCommand,
  DisableKeyCommand,
  DisableKeyRotationCommand,
  EncryptCommand,
  GetKeyPolicyCommand,
  GetKeyRotationStatusCommand,
  ListAliasesCommand,
  PutKeyPolicyCommand,
  RotateKeyOnDemandCommand,
  ScheduleKeyDeletionCommand,
  TagResourceCommand,
  UpdateAliasCommand,
  UpdateKeyDescriptionCommand,
} from '@aws-sdk/client-kms'
import {
  CreateSecretCommand,
  GetSecretValueCommand,
  SecretsManagerClient,
} from '@aws-sdk/client-secrets-manager'
import { startServer, type TestServer } from '../../testing/server.ts'
import { aliasArnOf, allow, errorOf, keyPolicy, kmsOf, newKey, text } from './kms.test-support.ts'

const ALIAS = 'alias/aws/secretsmanager'

/** A server whose account has an aws/secretsmanager key, because a secret was made. */
async function withServiceKey(): Promise<{ server: TestServer; KeyId: string }> {
  const server = await startServer()
  const secrets = server.sdk(SecretsManagerClient, server.admin)
  await secrets.send(new CreateSecretCommand({ Name: 'db', SecretString: 'one' }))
  const { KeyMetadata } = await kmsOf(server).send(new DescribeKeyCommand({ KeyId: ALIAS }))
  return { server, KeyId: KeyMetadata?.KeyId ?? '' }
}

describe('the aws/secretsmanager key', () => {
  test('is there once a secret was made, managed by AWS and rotated every year', async () => {
    const { server, KeyId } = await withServiceKey()
    await using _ = server
    const kms = kmsOf(server)
    const { KeyMetadata } = await kms.send(new DescribeKeyCommand({ KeyId }))
    assert.deepEqual([KeyMetadata?.KeyManager, KeyMetadata?.KeyState], ['AWS', 'Enabled'])
    assert.match(KeyMetadata?.Description ?? '', /^Default key that protects my Secrets Manager data/)
    const { KeyRotationEnabled, RotationPeriodInDays } = await kms.send(
      new GetKeyRotationStatusCommand({ KeyId }),
    )
    assert.deepEqual([KeyRotationEnabled, RotationPeriodInDays], [true, 365])
    const { Aliases } = await kms.send(new ListAliasesCommand({}))
    assert.deepEqual(
      Aliases?.map(({ AliasArn, TargetKeyId }) => [AliasArn, TargetKeyId]),
      [[aliasArnOf(ALIAS), KeyId]],
    )
    const { Policy } = await kms.send(new GetKeyPolicyCommand({ KeyId }))
    assert.equal(JSON.parse(Policy ?? '').Id, 'auto-secretsmanager-2')
  })

  test('serves every caller of the account through the service, without permissions on the key', async () => {
    const { server } = await withServiceKey()
    await using _ = server
    const user = await server.user(allow('secretsmanager:GetSecretValue'))
    const secrets = server.sdk(SecretsManagerClient, user)
    assert.equal((await secrets.send(new GetSecretValueCommand({ SecretId: 'db' }))).SecretString, 'one')
  })

  test('AccessDeniedException — to change it, or to use it directly, even for the administrator', async () => {
    const { server, KeyId } = await withServiceKey()
    await using _ = server
    const kms = kmsOf(server)
    const grant = {
      KeyId,
      GranteePrincipal: 'arn:aws:iam::111122223333:user/ada',
      Operations: ['Decrypt' as const],
    }
    const other = await newKey(kms)
    const calls = [
      () => kms.send(new EncryptCommand({ KeyId, Plaintext: text('x') })),
      () =>
        kms.send(
          new PutKeyPolicyCommand({ KeyId, Policy: keyPolicy([]), BypassPolicyLockoutSafetyCheck: true }),
        ),
      () => kms.send(new ScheduleKeyDeletionCommand({ KeyId })),
      () => kms.send(new DisableKeyCommand({ KeyId })),
      () => kms.send(new DisableKeyRotationCommand({ KeyId })),
      () => kms.send(new RotateKeyOnDemandCommand({ KeyId })),
      () => kms.send(new UpdateKeyDescriptionCommand({ KeyId, Description: 'mine' })),
      () => kms.send(new TagResourceCommand({ KeyId, Tags: [{ TagKey: 'a', TagValue: 'b' }] })),
      () => kms.send(new CreateGrantCommand(grant)),
      () => kms.send(new CreateAliasCommand({ AliasName: 'alias/mine', TargetKeyId: KeyId })),
      () => kms.send(new DeleteAliasCommand({ AliasName: ALIAS })),
      () => kms.send(new UpdateAliasCommand({ AliasName: ALIAS, TargetKeyId: other.id })),
    ]
    for (const call of calls) assert.equal((await errorOf(call())).name, 'AccessDeniedException')
  })
})

describe('a secret under a key of the account', () => {
  test('a caller with permission on the secret also needs it on the key, by its policy or by a grant', async () => {
    await using server = await startServer()
    const kms = kmsOf(server)
    const { id, arn } = await newKey(kms)
    const admin = server.sdk(SecretsManagerClient, server.admin)
    await admin.send(new CreateSecretCommand({ Name: 'db', SecretString: 'one', KmsKeyId: arn }))
    const ada = await server.user(allow('secretsmanager:GetSecretValue'))
    const ben = await server.user(allow('secretsmanager:GetSecretValue'))
    const read = (keys: typeof ada) =>
      server.sdk(SecretsManagerClient, keys).send(new GetSecretValueCommand({ SecretId: 'db' }))
    for (const keys of [ada, ben]) assert.equal((await errorOf(read(keys))).name, 'AccessDeniedException')
    const Condition = { StringEquals: { 'kms:ViaService': 'secretsmanager.us-east-1.amazonaws.com' } }
    const statement = {
      Effect: 'Allow',
      Principal: { AWS: ada.arn },
      Action: 'kms:Decrypt',
      Resource: '*',
      Condition,
    }
    await kms.send(new PutKeyPolicyCommand({ KeyId: id, Policy: keyPolicy([statement]) }))
    await kms.send(new CreateGrantCommand({ KeyId: id, GranteePrincipal: ben.arn, Operations: ['Decrypt'] }))
    for (const keys of [ada, ben]) assert.equal((await read(keys)).SecretString, 'one')
  })
})
