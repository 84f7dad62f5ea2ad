import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import {
  AttachUserPolicyCommand,
  CreateAccessKeyCommand,
  CreatePolicyCommand,
  CreatePolicyVersionCommand,
  CreateUserCommand,
  DeleteUserCommand,
  GetUserCommand,
  IAMClient,
  ListEntitiesForPolicyCommand,
  ListPolicyVersionsCommand,
} from '@aws-sdk/client-iam'
import {
  CreateKeyCommand,
  DescribeKeyCommand,
  KMSClient,
  ListResourceTagsCommand,
  TagResourceCommand as TagKeyCommand,
  UpdateKeyDescriptionCommand,
} from '@aws-sdk/client-kms'
import {
  CreateSecretCommand,
  DescribeSecretCommand,
  PutSecretValueCommand,
  SecretsManagerClient,
  TagResourceCommand as TagSecretCommand,
  UpdateSecretCommand,
} from '@aws-sdk/client-secrets-manager'
import { startServer } from '../testing/server.ts'

const POLICY = JSON.stringify({
  Version: '2012-10-17',
  Statement: [{ Effect: 'Deny', Action: '*', Resource: '*' }],
})

/** Calls that are all under way together; how many succeeded, and the names of the errors of the others. */
async function together(
  calls: readonly (() => Promise<unknown>)[],
): Promise<{ done: number; refused: Set<string> }> {
  const ends = await Promise.allSettled(calls.map((call) => call()))
  const errors = ends.flatMap((end) =>
    end.status === 'rejected' && end.reason instanceof Error ? [end.reason] : [],
  )
  return { done: ends.length - errors.length, refused: new Set(errors.map(({ name }) => name)) }
}

const TEN = Array.from({ length: 10 }, (_, i) => i)

describe('calls that change one thing at once', () => {
  test('a user has two access keys however many are asked for together', async () => {
    await using server = await startServer()
    const iam = server.sdk(IAMClient, server.admin)
    await iam.send(new CreateUserCommand({ UserName: 'ada' }))
    const keys = TEN.map(() => () => iam.send(new CreateAccessKeyCommand({ UserName: 'ada' })))
    assert.deepEqual(await together(keys), { done: 2, refused: new Set(['LimitExceededException']) })
  })

  test('a policy has five versions however many are asked for together', async () => {
    await using server = await startServer()
    const iam = server.sdk(IAMClient, server.admin)
    const { Policy } = await iam.send(new CreatePolicyCommand({ PolicyName: 'p', PolicyDocument: POLICY }))
    const PolicyArn = Policy?.Arn
    const version = () => iam.send(new CreatePolicyVersionCommand({ PolicyArn, PolicyDocument: POLICY }))
    assert.equal((await together(TEN.map(() => version))).done, 4)
    assert.equal((await iam.send(new ListPolicyVersionsCommand({ PolicyArn }))).Versions?.length, 5)
  })

  test('a policy is attached to no user who is gone', async () => {
    await using server = await startServer()
    const iam = server.sdk(IAMClient, server.admin)
    const { Policy } = await iam.send(new CreatePolicyCommand({ PolicyName: 'p', PolicyDocument: POLICY }))
    const PolicyArn = Policy?.Arn
    for (const i of TEN) {
      const UserName = `user-${i}`
      await iam.send(new CreateUserCommand({ UserName }))
      await together([
        () => iam.send(new AttachUserPolicyCommand({ UserName, PolicyArn })),
        () => iam.send(new DeleteUserCommand({ UserName })),
      ])
      const { PolicyUsers = [] } = await iam.send(new ListEntitiesForPolicyCommand({ PolicyArn }))
      for (const { UserName: attached } of PolicyUsers) {
        await assert.doesNotReject(iam.send(new GetUserCommand({ UserName: attached })), attached)
      }
    }
  })

  test('no change of a key takes back another', async () => {
    await using server = await startServer()
    const kms = server.sdk(KMSClient, server.admin)
    const { KeyMetadata } = await kms.send(new CreateKeyCommand({}))
    const KeyId = KeyMetadata?.KeyId
    const tags = TEN.map((i) => ({ TagKey: `tag-${i}`, TagValue: 'x' }))
    const { done } = await together([
      ...tags.map((tag) => () => kms.send(new TagKeyCommand({ KeyId, Tags: [tag] }))),
      () => kms.send(new UpdateKeyDescriptionCommand({ KeyId, Description: 'new' })),
    ])
    assert.equal(done, 11)
    assert.equal((await kms.send(new ListResourceTagsCommand({ KeyId }))).Tags?.length, 10)
    assert.equal((await kms.send(new DescribeKeyCommand({ KeyId }))).KeyMetadata?.Description, 'new')
  })

  test('no change of a secret takes back another, and one version is current', async () => {
    await using server = await startServer()
    const secrets = server.sdk(SecretsManagerClient, server.admin)
    const SecretId = 'db'
    const created = await together(
      TEN.map(() => () => secrets.send(new CreateSecretCommand({ Name: SecretId, SecretString: 'first' }))),
    )
    assert.deepEqual(created, { done: 1, refused: new Set(['ResourceExistsException']) })
    const { done } = await together([
      ...TEN.map(
        (i) => () =>
          secrets.send(new TagSecretCommand({ SecretId, Tags: [{ Key: `tag-${i}`, Value: 'x' }] })),
      ),
      ...TEN.map(
        (i) => () => secrets.send(new PutSecretValueCommand({ SecretId, SecretString: `value-${i}` })),
      ),
      () => secrets.send(new UpdateSecretCommand({ SecretId, Description: 'new' })),
    ])
    assert.equal(done, 21)
    const {
      Tags,
      Description,
      VersionIdsToStages = {},
    } = await secrets.send(new DescribeSecretCommand({ SecretId }))
    assert.equal(Tags?.length, 10)
    assert.equal(Description, 'new')
    assert.deepEqual(Object.values(VersionIdsToStages).flat().sort(), ['AWSCURRENT', 'AWSPREVIOUS'])
  })
})
