import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import {
  CreateAccessKeyCommand,
  CreateAccountAliasCommand,
  DeleteAccessKeyCommand,
  DeleteAccountAliasCommand,
  GetAccessKeyLastUsedCommand,
  GetAccountSummaryCommand,
  IAMClient,
  ListAccessKeysCommand,
  ListAccountAliasesCommand,
  UpdateAccessKeyCommand,
} from '@aws-sdk/client-iam'
import { GetCallerIdentityCommand, STSClient } from '@aws-sdk/client-sts'
import { eventually } from '../../testing/eventually.ts'
import { startServer } from '../../testing/server.ts'

const OWN_KEYS = {
  Effect: 'Allow',
  Action: 'iam:*AccessKey*',
  // biome-ignore lint/suspicious/noTemplateCurlyInString: a policy variable
  Resource: 'arn:aws:iam::*:user/${aws:username}',
}

describe('access keys', () => {
  test('200 — a user makes a second key for itself and lists both', async () => {
    await using server = await startServer()
    const user = await server.user(OWN_KEYS)
    const iam = server.sdk(IAMClient, user)
    server.clock.advance(1)
    const { AccessKey } = await iam.send(new CreateAccessKeyCommand({}))
    assert.equal(AccessKey?.UserName, user.name)
    assert.match(AccessKey?.AccessKeyId ?? '', /^AKIA[A-Z2-7]{16}$/)
    assert.match(AccessKey?.SecretAccessKey ?? '', /^[A-Za-z0-9+/]{40}$/)
    const { AccessKeyMetadata } = await iam.send(new ListAccessKeysCommand({}))
    assert.deepEqual(
      AccessKeyMetadata?.map(({ AccessKeyId }) => AccessKeyId),
      [user.accessKeyId, AccessKey?.AccessKeyId],
    )
    await assert.rejects(iam.send(new CreateAccessKeyCommand({})), {
      name: 'LimitExceededException',
      message: 'Cannot exceed quota for AccessKeysPerUser: 2',
    })
  })

  test('a key that is switched off, on again and deleted stops, works and stops at the next call', async () => {
    await using server = await startServer()
    const iam = server.sdk(IAMClient, server.admin)
    const user = await server.user()
    const call = () => server.sdk(STSClient, user).send(new GetCallerIdentityCommand())
    const key = { UserName: user.name, AccessKeyId: user.accessKeyId }
    const refused = {
      name: 'InvalidClientTokenId',
      message: 'The security token included in the request is invalid.',
    }
    await call()
    await iam.send(new UpdateAccessKeyCommand({ ...key, Status: 'Inactive' }))
    await assert.rejects(call(), refused)
    await iam.send(new UpdateAccessKeyCommand({ ...key, Status: 'Active' }))
    await call()
    await iam.send(new DeleteAccessKeyCommand(key))
    await assert.rejects(call(), refused)
  })

  test("NoSuchEntity — another user's key is no key of this one's", async () => {
    await using server = await startServer()
    const user = await server.user(OWN_KEYS)
    const iam = server.sdk(IAMClient, user)
    const AccessKeyId = server.admin.accessKeyId
    const expected = {
      name: 'NoSuchEntityException',
      message: `The Access Key with id ${AccessKeyId} cannot be found.`,
    }
    await assert.rejects(iam.send(new DeleteAccessKeyCommand({ AccessKeyId })), expected)
    await assert.rejects(iam.send(new UpdateAccessKeyCommand({ AccessKeyId, Status: 'Inactive' })), expected)
  })

  test('AccessDenied — a key for somebody else needs a permission on somebody else', async () => {
    await using server = await startServer()
    const iam = server.sdk(IAMClient, await server.user(OWN_KEYS))
    await assert.rejects(iam.send(new CreateAccessKeyCommand({ UserName: 'administrator' })), {
      name: 'AccessDenied',
    })
  })

  test("200 — the last use of a key, and nothing of another account's", async () => {
    await using server = await startServer()
    const iam = server.sdk(IAMClient, server.admin)
    const user = await server.user()
    const AccessKeyId = user.accessKeyId
    const unused = await iam.send(new GetAccessKeyLastUsedCommand({ AccessKeyId }))
    assert.equal(unused.AccessKeyLastUsed?.ServiceName, 'N/A')
    await server.sdk(STSClient, user).send(new GetCallerIdentityCommand())
    await eventually(async () => {
      const used = await iam.send(new GetAccessKeyLastUsedCommand({ AccessKeyId }))
      assert.equal(used.UserName, user.name)
      assert.deepEqual(used.AccessKeyLastUsed, {
        LastUsedDate: server.clock.now(),
        ServiceName: 'sts',
        Region: 'us-east-1',
      })
    })
    await assert.rejects(
      server.sdk(IAMClient, server.otherAdmin).send(new GetAccessKeyLastUsedCommand({ AccessKeyId })),
      { name: 'NoSuchEntityException' },
    )
  })
})

describe('the account', () => {
  test('200 — its alias is set, taken by nobody else, and removed', async () => {
    await using server = await startServer()
    const iam = server.sdk(IAMClient, server.admin)
    const other = server.sdk(IAMClient, server.otherAdmin)
    await iam.send(new CreateAccountAliasCommand({ AccountAlias: 'my-house' }))
    assert.deepEqual((await iam.send(new ListAccountAliasesCommand({}))).AccountAliases, ['my-house'])
    await assert.rejects(other.send(new CreateAccountAliasCommand({ AccountAlias: 'my-house' })), {
      name: 'EntityAlreadyExistsException',
    })
    await assert.rejects(other.send(new DeleteAccountAliasCommand({ AccountAlias: 'my-house' })), {
      name: 'NoSuchEntityException',
    })
    await iam.send(new DeleteAccountAliasCommand({ AccountAlias: 'my-house' }))
    assert.deepEqual((await iam.send(new ListAccountAliasesCommand({}))).AccountAliases, [])
  })

  test('200 — its summary counts', async () => {
    await using server = await startServer()
    await server.user()
    const { SummaryMap } = await server.sdk(IAMClient, server.admin).send(new GetAccountSummaryCommand())
    assert.deepEqual([SummaryMap?.Users, SummaryMap?.Roles, SummaryMap?.AccessKeysPerUserQuota], [2, 0, 2])
  })
})
