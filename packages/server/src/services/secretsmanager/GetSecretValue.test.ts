import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { CreateKeyCommand, DisableKeyCommand, KMSClient } from '@aws-sdk/client-kms'
import {
  CreateSecretCommand,
  DeleteSecretCommand,
  DescribeSecretCommand,
  GetSecretValueCommand,
  ListSecretVersionIdsCommand,
  PutSecretValueCommand,
  SecretsManagerClient,
} from '@aws-sdk/client-secrets-manager'
import { eventually } from '../../testing/eventually.ts'
import { startServer, TEST_ACCOUNT } from '../../testing/server.ts'

const V1 = '11111111-1111-4111-8111-111111111111'
const V2 = '22222222-2222-4222-8222-222222222222'
const PLACE = { account: TEST_ACCOUNT, region: 'us-east-1' }
const INVALID_NAME =
  'Invalid name. Must be a valid name containing alphanumeric characters, or any of the following: -/_+=.@!'
const NOT_FOUND = {
  name: 'ResourceNotFoundException',
  message: "Secrets Manager can't find the specified secret.",
}

/** Makes a secret with two versions, `one` and `two`. */
async function twoVersions(secrets: SecretsManagerClient, Name: string): Promise<string> {
  const { ARN = '' } = await secrets.send(
    new CreateSecretCommand({ Name, SecretString: 'one', ClientRequestToken: V1 }),
  )
  await secrets.send(
    new PutSecretValueCommand({ SecretId: Name, SecretString: 'two', ClientRequestToken: V2 }),
  )
  return ARN
}

describe('GetSecretValue', () => {
  test('200 — AWSCURRENT when no version is named, by name, ARN and ARN without suffix', async () => {
    await using server = await startServer()
    const secrets = server.sdk(SecretsManagerClient, server.admin)
    const arn = await twoVersions(secrets, '/db/main')
    for (const SecretId of ['/db/main', arn, arn.slice(0, -7)]) {
      const answer = await secrets.send(new GetSecretValueCommand({ SecretId }))
      assert.equal(answer.ARN, arn)
      assert.equal(answer.Name, '/db/main')
      assert.equal(answer.SecretString, 'two')
      assert.equal(answer.SecretBinary, undefined)
      assert.equal(answer.VersionId, V2)
      assert.deepEqual(answer.VersionStages, ['AWSCURRENT'])
      assert.deepEqual(answer.CreatedDate, server.clock.now())
    }
  })

  test('200 — by version, by stage, and by both', async () => {
    await using server = await startServer()
    const secrets = server.sdk(SecretsManagerClient, server.admin)
    await twoVersions(secrets, 'db')
    for (const wanted of [
      { VersionId: V1 },
      { VersionStage: 'AWSPREVIOUS' },
      { VersionId: V1, VersionStage: 'AWSPREVIOUS' },
    ]) {
      const answer = await secrets.send(new GetSecretValueCommand({ SecretId: 'db', ...wanted }))
      assert.equal(answer.SecretString, 'one')
      assert.deepEqual(answer.VersionStages, ['AWSPREVIOUS'])
    }
  })

  test('200 — a version without a label is still readable by its id', async () => {
    await using server = await startServer()
    const secrets = server.sdk(SecretsManagerClient, server.admin)
    await twoVersions(secrets, 'db')
    await secrets.send(new PutSecretValueCommand({ SecretId: 'db', SecretString: 'three' }))
    const answer = await secrets.send(new GetSecretValueCommand({ SecretId: 'db', VersionId: V1 }))
    assert.equal(answer.SecretString, 'one')
    assert.equal(answer.VersionStages, undefined)
  })

  test('ResourceNotFoundException — no such secret, version, or stage, each in its own words', async () => {
    await using server = await startServer()
    const secrets = server.sdk(SecretsManagerClient, server.admin)
    await secrets.send(new CreateSecretCommand({ Name: 'db', SecretString: 'one', ClientRequestToken: V1 }))
    await assert.rejects(secrets.send(new GetSecretValueCommand({ SecretId: 'nope' })), NOT_FOUND)
    await assert.rejects(secrets.send(new GetSecretValueCommand({ SecretId: 'DB' })), NOT_FOUND)
    await assert.rejects(secrets.send(new GetSecretValueCommand({ SecretId: 'db', VersionId: V2 })), {
      name: 'ResourceNotFoundException',
      message: `Secrets Manager can't find the specified secret value for VersionId: ${V2}`,
    })
    await assert.rejects(
      secrets.send(new GetSecretValueCommand({ SecretId: 'db', VersionStage: 'AWSPREVIOUS' })),
      {
        name: 'ResourceNotFoundException',
        message: "Secrets Manager can't find the specified secret value for staging label: AWSPREVIOUS",
      },
    )
  })

  test('ResourceNotFoundException — a name with its suffix is no name, and an ARN of another region names nothing', async () => {
    await using server = await startServer()
    const secrets = server.sdk(SecretsManagerClient, server.admin)
    const { ARN = '' } = await secrets.send(new CreateSecretCommand({ Name: 'db', SecretString: 'one' }))
    for (const SecretId of [
      ARN.slice(ARN.lastIndexOf(':') + 1),
      ARN.replace('us-east-1', 'eu-west-1'),
      `${ARN.slice(0, -6)}zzzzzz`,
    ]) {
      await assert.rejects(secrets.send(new GetSecretValueCommand({ SecretId })), NOT_FOUND)
    }
  })

  test('a name that ends like a suffix is found by name and whole ARN, but not by an ARN without suffix', async () => {
    await using server = await startServer()
    const secrets = server.sdk(SecretsManagerClient, server.admin)
    const Name = 'Invalid/_+=.@-Name-a1b2c3'
    const { ARN = '' } = await secrets.send(new CreateSecretCommand({ Name, SecretString: 'one' }))
    for (const SecretId of [Name, ARN]) {
      assert.equal((await secrets.send(new GetSecretValueCommand({ SecretId }))).SecretString, 'one')
    }
    await assert.rejects(secrets.send(new GetSecretValueCommand({ SecretId: ARN.slice(0, -7) })), NOT_FOUND)
    for (const good of ['Name-a1b2', 'Name-a1b2c3-']) {
      const made = await secrets.send(new CreateSecretCommand({ Name: good, SecretString: 'x' }))
      const SecretId = made.ARN?.slice(0, -7)
      assert.equal((await secrets.send(new GetSecretValueCommand({ SecretId }))).Name, good)
    }
  })

  test('InvalidRequestException — a version that does not hold the stage', async () => {
    await using server = await startServer()
    const secrets = server.sdk(SecretsManagerClient, server.admin)
    await twoVersions(secrets, 'db')
    await assert.rejects(
      secrets.send(new GetSecretValueCommand({ SecretId: 'db', VersionId: V1, VersionStage: 'AWSCURRENT' })),
      {
        name: 'InvalidRequestException',
        message: 'You provided a VersionStage that is not associated to the provided VersionId.',
      },
    )
  })

  test('InvalidRequestException — the secret waits for its deletion', async () => {
    await using server = await startServer()
    const secrets = server.sdk(SecretsManagerClient, server.admin)
    await secrets.send(new CreateSecretCommand({ Name: 'db', SecretString: 'one' }))
    await secrets.send(new DeleteSecretCommand({ SecretId: 'db' }))
    await assert.rejects(secrets.send(new GetSecretValueCommand({ SecretId: 'db' })), {
      name: 'InvalidRequestException',
      message: "You can't perform this operation on the secret because it was marked for deletion.",
    })
  })

  test('ValidationException — a character that names cannot have', async () => {
    await using server = await startServer()
    const secrets = server.sdk(SecretsManagerClient, server.admin)
    await assert.rejects(secrets.send(new GetSecretValueCommand({ SecretId: 'a b' })), {
      name: 'ValidationException',
      message: INVALID_NAME,
    })
  })

  test('a version that RotateSecret reserved is not there for readers', async () => {
    await using server = await startServer()
    const secrets = server.sdk(SecretsManagerClient, server.admin)
    const { ARN = '' } = await secrets.send(
      new CreateSecretCommand({ Name: 'db', SecretString: 'one', ClientRequestToken: V1 }),
    )
    await server.house.store.write(async (tx) => {
      const secret = await tx.secrets.byArn(PLACE, ARN)
      assert.ok(secret)
      await tx.secrets.addVersion(PLACE, ARN, { id: V2, createdAt: server.clock.now() })
      await tx.secrets.update({ ...secret, labels: new Map([...secret.labels, ['AWSPENDING', V2]]) })
    })
    await assert.rejects(
      secrets.send(new GetSecretValueCommand({ SecretId: 'db', VersionStage: 'AWSPENDING' })),
      {
        name: 'ResourceNotFoundException',
        message: "Secrets Manager can't find the specified secret value for staging label: AWSPENDING",
      },
    )
    await assert.rejects(secrets.send(new GetSecretValueCommand({ SecretId: 'db', VersionId: V2 })), {
      name: 'ResourceNotFoundException',
    })
  })

  test('LastAccessedDate is the UTC day of the last read, of the secret and of the version', async () => {
    await using server = await startServer()
    const secrets = server.sdk(SecretsManagerClient, server.admin)
    await twoVersions(secrets, 'db')
    const described = async (client: SecretsManagerClient) =>
      (await client.send(new DescribeSecretCommand({ SecretId: 'db' }))).LastAccessedDate
    assert.equal(await described(secrets), undefined)
    await secrets.send(new GetSecretValueCommand({ SecretId: 'db' }))
    await server.house.store.write(async () => {})
    const today = new Date(server.clock.now().toISOString().slice(0, 10))
    await eventually(async () => assert.deepEqual(await described(secrets), today))
    const { Versions } = await secrets.send(new ListSecretVersionIdsCommand({ SecretId: 'db' }))
    const accessed = Object.fromEntries((Versions ?? []).map((v) => [v.VersionId, v.LastAccessedDate]))
    assert.deepEqual(accessed, { [V1]: undefined, [V2]: today })

    server.clock.advance(24 * 60 * 60)
    const tomorrow = server.sdk(SecretsManagerClient, server.admin)
    await tomorrow.send(new GetSecretValueCommand({ SecretId: 'db', VersionId: V1 }))
    await server.house.store.write(async () => {})
    const nextDay = new Date(today.getTime() + 24 * 60 * 60 * 1000)
    await eventually(async () => assert.deepEqual(await described(tomorrow), nextDay))
  })

  describe('DecryptionFailure', () => {
    test('a stored value opens in no other version and in no other secret', async () => {
      await using server = await startServer()
      const secrets = server.sdk(SecretsManagerClient, server.admin)
      const arn = await twoVersions(secrets, 'a')
      const other = await twoVersions(secrets, 'b')
      await server.house.store.write(async (tx) => {
        const one = (await tx.secrets.version(PLACE, arn, V1))?.value
        const two = (await tx.secrets.version(PLACE, arn, V2))?.value
        assert.ok(one && two)
        await tx.secrets.setValue(PLACE, arn, V2, one)
        await tx.secrets.setValue(PLACE, other, V1, one)
        // The data key of the right place, with the sealed bytes of another.
        await tx.secrets.setValue(PLACE, other, V2, { ...two, sealed: one.sealed })
        await tx.secrets.setValue(PLACE, arn, V1, { ...one, sealed: two.sealed })
      })
      for (const [SecretId, VersionId] of [
        ['a', V1],
        ['a', V2],
        ['b', V1],
        ['b', V2],
      ]) {
        await assert.rejects(secrets.send(new GetSecretValueCommand({ SecretId, VersionId })), {
          name: 'DecryptionFailure',
        })
      }
    })

    test('the key is disabled', async () => {
      await using server = await startServer()
      const kms = server.sdk(KMSClient, server.admin)
      const secrets = server.sdk(SecretsManagerClient, server.admin)
      const { KeyMetadata } = await kms.send(new CreateKeyCommand({}))
      const KmsKeyId = KeyMetadata?.KeyId
      await secrets.send(new CreateSecretCommand({ Name: 'db', SecretString: 'one', KmsKeyId }))
      await kms.send(new DisableKeyCommand({ KeyId: KmsKeyId }))
      await assert.rejects(secrets.send(new GetSecretValueCommand({ SecretId: 'db' })), {
        name: 'DecryptionFailure',
        message: "Secrets Manager can't decrypt the protected secret text using the provided KMS key.",
      })
    })
  })
})
