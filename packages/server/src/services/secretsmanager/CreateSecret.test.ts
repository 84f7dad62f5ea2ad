import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import {
  CreateSecretCommand,
  type CreateSecretCommandInput,
  DeleteSecretCommand,
  DescribeSecretCommand,
  GetSecretValueCommand,
  SecretsManagerClient,
} from '@aws-sdk/client-secrets-manager'
import { startServer } from '../../testing/server.ts'
import { withoutClientRequestToken } from '../../testing/without-client-request-token.ts'

const TOKEN = '11111111-1111-4111-8111-111111111111'
const ALL = { Effect: 'Allow', Action: 'secretsmanager:*', Resource: '*' }

describe('CreateSecret', () => {
  test('200 — the ARN ends in six random characters and the token is the version', async () => {
    await using server = await startServer()
    const secrets = server.sdk(SecretsManagerClient, server.admin)
    const made = await secrets.send(
      new CreateSecretCommand({ Name: '/dev/ssh', SecretString: '{}', ClientRequestToken: TOKEN }),
    )
    assert.match(
      made.ARN ?? '',
      /^arn:aws:secretsmanager:us-east-1:111122223333:secret:\/dev\/ssh-[A-Za-z0-9]{6}$/,
    )
    assert.equal(made.Name, '/dev/ssh')
    assert.equal(made.VersionId, TOKEN)
    const read = await secrets.send(new GetSecretValueCommand({ SecretId: '/dev/ssh' }))
    assert.equal(read.SecretString, '{}')
    assert.deepEqual(read.VersionStages, ['AWSCURRENT'])
  })

  test('200 — bytes come back as bytes', async () => {
    await using server = await startServer()
    const secrets = server.sdk(SecretsManagerClient, server.admin)
    const bytes = Uint8Array.from([0, 255, 1, 128])
    await secrets.send(new CreateSecretCommand({ Name: 'raw', SecretBinary: bytes }))
    const read = await secrets.send(new GetSecretValueCommand({ SecretId: 'raw' }))
    assert.deepEqual(read.SecretBinary, bytes)
    assert.equal(read.SecretString, undefined)
  })

  test('200 — without a value there is no version', async () => {
    await using server = await startServer()
    const secrets = server.sdk(SecretsManagerClient, server.admin)
    const made = await secrets.send(new CreateSecretCommand({ Name: 'empty' }))
    assert.equal(made.VersionId, undefined)
    const described = await secrets.send(new DescribeSecretCommand({ SecretId: 'empty' }))
    assert.equal(described.VersionIdsToStages, undefined)
    await assert.rejects(secrets.send(new GetSecretValueCommand({ SecretId: 'empty' })), {
      name: 'ResourceNotFoundException',
      message: "Secrets Manager can't find the specified secret value for staging label: AWSCURRENT",
    })
  })

  test('200 — description and tags are kept', async () => {
    await using server = await startServer()
    const secrets = server.sdk(SecretsManagerClient, server.admin)
    const Tags = [
      { Key: 'team', Value: 'ops' },
      { Key: '__proto__', Value: '' },
    ]
    await secrets.send(new CreateSecretCommand({ Name: 'db', Description: 'the database', Tags }))
    const described = await secrets.send(new DescribeSecretCommand({ SecretId: 'db' }))
    assert.equal(described.Description, 'the database')
    assert.deepEqual(described.Tags, Tags)
  })

  test('200 — 65,536 bytes are not too many', async () => {
    await using server = await startServer()
    const secrets = server.sdk(SecretsManagerClient, server.admin)
    const value = 'x'.repeat(65_536)
    await secrets.send(new CreateSecretCommand({ Name: 'long', SecretString: value }))
    const read = await secrets.send(new GetSecretValueCommand({ SecretId: 'long' }))
    assert.equal(read.SecretString, value)
  })

  test('200 — the same call again answers what the first did', async () => {
    await using server = await startServer()
    const secrets = server.sdk(SecretsManagerClient, server.admin)
    const create = new CreateSecretCommand({ Name: 'db', SecretString: 'one', ClientRequestToken: TOKEN })
    const first = await secrets.send(create)
    const second = await secrets.send(create)
    assert.deepEqual([second.ARN, second.Name, second.VersionId], [first.ARN, first.Name, first.VersionId])
  })

  test('ResourceExistsException — the same token with another value', async () => {
    await using server = await startServer()
    const secrets = server.sdk(SecretsManagerClient, server.admin)
    const create = (SecretString: string) =>
      secrets.send(new CreateSecretCommand({ Name: 'db', SecretString, ClientRequestToken: TOKEN }))
    await create('one')
    for (const other of ['two', 'onE', 'one ']) {
      await assert.rejects(create(other), {
        name: 'ResourceExistsException',
        message: 'The operation failed because the secret db already exists.',
      })
    }
  })

  test('ResourceExistsException — text and the same bytes are different values', async () => {
    await using server = await startServer()
    const secrets = server.sdk(SecretsManagerClient, server.admin)
    await secrets.send(
      new CreateSecretCommand({ Name: 'db', SecretString: 'one', ClientRequestToken: TOKEN }),
    )
    const SecretBinary = new TextEncoder().encode('one')
    await assert.rejects(
      secrets.send(new CreateSecretCommand({ Name: 'db', SecretBinary, ClientRequestToken: TOKEN })),
      { name: 'ResourceExistsException' },
    )
  })

  test('ResourceExistsException — another call for a name that is taken, with and without a value', async () => {
    await using server = await startServer()
    const secrets = server.sdk(SecretsManagerClient, server.admin)
    await secrets.send(new CreateSecretCommand({ Name: 'db', SecretString: 'one' }))
    for (const SecretString of ['one', undefined]) {
      await assert.rejects(secrets.send(new CreateSecretCommand({ Name: 'db', SecretString })), {
        name: 'ResourceExistsException',
        message: 'The operation failed because the secret db already exists.',
      })
    }
  })

  test('of many calls for one name at once, one makes the secret', async () => {
    await using server = await startServer()
    const secrets = server.sdk(SecretsManagerClient, server.admin)
    const calls = Array.from({ length: 8 }, (_, i) =>
      secrets.send(new CreateSecretCommand({ Name: 'db', SecretString: `${i}` })),
    )
    const ends = await Promise.allSettled(calls)
    const refusals = ends.flatMap((end) => (end.status === 'rejected' ? [end.reason.name] : []))
    assert.deepEqual(refusals, Array(7).fill('ResourceExistsException'))
  })

  test('InvalidRequestException — the name waits for its deletion', async () => {
    await using server = await startServer()
    const secrets = server.sdk(SecretsManagerClient, server.admin)
    await secrets.send(new CreateSecretCommand({ Name: 'db', SecretString: 'one' }))
    await secrets.send(new DeleteSecretCommand({ SecretId: 'db' }))
    await assert.rejects(secrets.send(new CreateSecretCommand({ Name: 'db', SecretString: 'one' })), {
      name: 'InvalidRequestException',
      message:
        "You can't create this secret because a secret with this name is already scheduled for deletion.",
    })
  })

  test('200 — a name is free again at the end of the recovery window, under another ARN', async () => {
    await using server = await startServer()
    const secrets = server.sdk(SecretsManagerClient, server.admin)
    const first = await secrets.send(new CreateSecretCommand({ Name: 'db', SecretString: 'one' }))
    await secrets.send(new DeleteSecretCommand({ SecretId: 'db', RecoveryWindowInDays: 7 }))
    server.clock.advance(7 * 24 * 60 * 60)
    const later = server.sdk(SecretsManagerClient, server.admin)
    const second = await later.send(new CreateSecretCommand({ Name: 'db', SecretString: 'two' }))
    assert.notEqual(second.ARN, first.ARN)
    const read = await later.send(new GetSecretValueCommand({ SecretId: 'db' }))
    assert.equal(read.SecretString, 'two')
    await assert.rejects(later.send(new GetSecretValueCommand({ SecretId: first.ARN })), {
      name: 'ResourceNotFoundException',
    })
  })

  test('ValidationException — a character that names cannot have', async () => {
    await using server = await startServer()
    const secrets = server.sdk(SecretsManagerClient, server.admin)
    for (const Name of ['a b', 'a#', 'arn:aws:secretsmanager:us-east-1:111122223333:secret:x']) {
      await assert.rejects(secrets.send(new CreateSecretCommand({ Name })), {
        name: 'ValidationException',
        message:
          'Invalid name. Must be a valid name containing alphanumeric characters, or any of the following: -/_+=.@!',
      })
    }
  })

  test('InvalidRequestException — a value without a token, over plain HTTP', async () => {
    await using server = await startServer()
    const secrets = withoutClientRequestToken(server.sdk(SecretsManagerClient, server.admin))
    await assert.rejects(secrets.send(new CreateSecretCommand({ Name: 'db', SecretString: 'one' })), {
      name: 'InvalidRequestException',
      message: 'You must provide a ClientRequestToken value. We recommend a UUID-type value.',
    })
    assert.equal((await secrets.send(new CreateSecretCommand({ Name: 'db' }))).Name, 'db')
  })

  test('ValidationException — more than 65,536 bytes, though in fewer characters', async () => {
    await using server = await startServer()
    const secrets = server.sdk(SecretsManagerClient, server.admin)
    await assert.rejects(
      secrets.send(new CreateSecretCommand({ Name: 'db', SecretString: 'é'.repeat(32_769) })),
      { name: 'ValidationException', message: /^(?!.*é)/ },
    )
  })

  test('SerializationException — half a surrogate pair, which would come back as another character', async () => {
    await using server = await startServer()
    const secrets = server.sdk(SecretsManagerClient, server.admin)
    await assert.rejects(secrets.send(new CreateSecretCommand({ Name: 'db', SecretString: 'a\ud800' })), {
      name: 'SerializationException',
    })
  })

  describe('InvalidParameterException', () => {
    const tags = (count: number) => Array.from({ length: count }, (_, i) => ({ Key: `k${i}`, Value: '' }))
    const refused: Record<string, Partial<CreateSecretCommandInput>> = {
      'both kinds of value': { SecretString: 'a', SecretBinary: Uint8Array.of(1) },
      'a replica region that this server does not answer for': {
        AddReplicaRegions: [{ Region: 'eu-west-1' }],
      },
      'a type': { Type: 'SalesforceClientSecret' },
      'a name that belongs to another service': { Name: 'rds!db-1' },
      'a tag key twice': { Tags: [...tags(2), { Key: 'k0', Value: 'x' }] },
      'a reserved tag key': { Tags: [{ Key: 'aws:x', Value: '' }] },
      'more than 50 tags': { Tags: tags(51) },
      'an unknown KMS key': { KmsKeyId: 'alias/unknown' },
      'an unknown KMS key id': { KmsKeyId: '00000000-0000-4000-8000-000000000000' },
      'no KMS key at all': { KmsKeyId: 'what' },
    }
    for (const [what, input] of Object.entries(refused)) {
      test(what, async () => {
        await using server = await startServer()
        const secrets = server.sdk(SecretsManagerClient, server.admin)
        await assert.rejects(secrets.send(new CreateSecretCommand({ Name: 'db', ...input })), {
          name: 'InvalidParameterException',
        })
        await assert.rejects(secrets.send(new DescribeSecretCommand({ SecretId: 'db' })), {
          name: 'ResourceNotFoundException',
        })
      })
    }
  })

  test('AccessDeniedException — tags need TagResource too', async () => {
    await using server = await startServer()
    const user = await server.user({ Effect: 'Allow', Action: 'secretsmanager:CreateSecret', Resource: '*' })
    const secrets = server.sdk(SecretsManagerClient, user)
    await assert.rejects(
      secrets.send(new CreateSecretCommand({ Name: 'db', Tags: [{ Key: 'a', Value: 'b' }] })),
      { name: 'AccessDeniedException', message: /secretsmanager:TagResource on resource: db / },
    )
    assert.equal((await secrets.send(new CreateSecretCommand({ Name: 'db' }))).Name, 'db')
  })

  test('policies may ask for name, tags and key of what is made', async () => {
    await using server = await startServer()
    const conditions = {
      StringLike: { 'secretsmanager:Name': 'dev-*' },
      StringEquals: { 'aws:RequestTag/env': 'dev' },
      'ForAllValues:StringEquals': { 'aws:TagKeys': ['env'] },
      Null: { 'secretsmanager:KmsKeyArn': 'true' },
    }
    const user = await server.user(
      { ...ALL, Condition: conditions },
      { ...ALL, Action: 'secretsmanager:TagResource' },
    )
    const secrets = server.sdk(SecretsManagerClient, user)
    const env = [{ Key: 'env', Value: 'dev' }]
    await secrets.send(new CreateSecretCommand({ Name: 'dev-1', Tags: env }))
    for (const input of [
      { Name: 'prod-1', Tags: env },
      { Name: 'dev-2', Tags: [{ Key: 'env', Value: 'prod' }] },
      { Name: 'dev-2', Tags: [...env, { Key: 'more', Value: '' }] },
      { Name: 'dev-2' },
    ]) {
      await assert.rejects(secrets.send(new CreateSecretCommand(input)), { name: 'AccessDeniedException' })
    }
  })
})
