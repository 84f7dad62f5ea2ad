import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import {
  CreateAccessKeyCommand,
  CreateUserCommand,
  DeleteAccessKeyCommand,
  DeleteUserCommand,
  GetUserCommand,
  IAMClient,
} from '@aws-sdk/client-iam'
import {
  CreateKeyCommand,
  DecryptCommand,
  DescribeKeyCommand,
  EncryptCommand,
  GetKeyPolicyCommand,
  ListKeyPoliciesCommand,
  ListKeysCommand,
  PutKeyPolicyCommand,
} from '@aws-sdk/client-kms'
import { startServer } from '../../testing/server.ts'
import { allow, errorOf, keyPolicy, kmsOf, newKey, text } from './kms.test-support.ts'

const LOCKED_OUT = {
  name: 'MalformedPolicyDocumentException',
  message: 'The new key policy will not allow you to update the key policy in the future.',
}

function to(
  principal: string | readonly string[],
  action: string | readonly string[],
  more: object = {},
): object {
  return { Effect: 'Allow', Principal: { AWS: principal }, Action: action, Resource: '*', ...more }
}

describe('GetKeyPolicy and ListKeyPolicies', () => {
  test('200 — the default policy lets the account’s own policies decide', async () => {
    await using server = await startServer()
    const kms = kmsOf(server)
    const { id: KeyId } = await newKey(kms)
    const { Policy, PolicyName } = await kms.send(new GetKeyPolicyCommand({ KeyId }))
    assert.equal(PolicyName, 'default')
    assert.deepEqual(JSON.parse(Policy ?? ''), {
      Version: '2012-10-17',
      Id: 'key-default-1',
      Statement: [
        {
          Sid: 'Enable IAM User Permissions',
          Effect: 'Allow',
          Principal: { AWS: 'arn:aws:iam::111122223333:root' },
          Action: 'kms:*',
          Resource: '*',
        },
      ],
    })
    const { PolicyNames, Truncated } = await kms.send(new ListKeyPoliciesCommand({ KeyId }))
    assert.deepEqual([PolicyNames, Truncated], [['default'], false])
  })

  test('NotFoundException — a policy of another name', async () => {
    await using server = await startServer()
    const kms = kmsOf(server)
    const { id: KeyId } = await newKey(kms)
    const expected = { name: 'NotFoundException', message: 'No such policy exists' }
    assert.deepEqual(
      await errorOf(kms.send(new GetKeyPolicyCommand({ KeyId, PolicyName: 'other' }))),
      expected,
    )
    const put = new PutKeyPolicyCommand({ KeyId, PolicyName: 'other', Policy: keyPolicy([]) })
    assert.deepEqual(await errorOf(kms.send(put)), expected)
  })
})

describe('PutKeyPolicy', () => {
  test('200 — the policy comes back as it was put, and counts at once', async () => {
    await using server = await startServer()
    const kms = kmsOf(server)
    const user = await server.user()
    const { id: KeyId } = await newKey(kms)
    const encrypt = () => kmsOf(server, user).send(new EncryptCommand({ KeyId, Plaintext: text('x') }))
    assert.equal((await errorOf(encrypt())).name, 'AccessDeniedException')
    const Policy = ` ${keyPolicy([to(user.arn, 'kms:Encrypt')])}\n`
    await kms.send(new PutKeyPolicyCommand({ KeyId, Policy }))
    assert.equal((await kms.send(new GetKeyPolicyCommand({ KeyId }))).Policy, Policy)
    await encrypt()
    await kms.send(new PutKeyPolicyCommand({ KeyId, Policy: keyPolicy([]) }))
    assert.equal((await errorOf(encrypt())).name, 'AccessDeniedException')
  })

  test('MalformedPolicyDocumentException — a policy that cannot be read', async () => {
    await using server = await startServer()
    const kms = kmsOf(server)
    const { id: KeyId } = await newKey(kms)
    for (const Policy of ['no', '{}', '{"Statement":[{"Effect":"Allow","Action":"kms:*","Resource":"*"}]}']) {
      const { name } = await errorOf(kms.send(new PutKeyPolicyCommand({ KeyId, Policy })))
      assert.equal(name, 'MalformedPolicyDocumentException', Policy)
      assert.equal(
        (await errorOf(kms.send(new CreateKeyCommand({ Policy })))).name,
        'MalformedPolicyDocumentException',
      )
    }
  })

  test('MalformedPolicyDocumentException — one that would lock its author out, of PutKeyPolicy and CreateKey alike', async () => {
    await using server = await startServer()
    const kms = kmsOf(server)
    const { id: KeyId } = await newKey(kms)
    const ada = await server.user()
    const closed = [
      keyPolicy([to(ada.arn, 'kms:*')], false),
      keyPolicy([{ ...to('*', 'kms:PutKeyPolicy'), Effect: 'Deny' }]),
      keyPolicy([to('arn:aws:iam::111122223333:root', 'kms:Encrypt')], false),
    ]
    for (const Policy of closed) {
      assert.deepEqual(await errorOf(kms.send(new PutKeyPolicyCommand({ KeyId, Policy }))), LOCKED_OUT)
      assert.deepEqual(await errorOf(kms.send(new CreateKeyCommand({ Policy }))), LOCKED_OUT)
    }
    assert.equal((await kms.send(new ListKeysCommand({}))).Keys?.length, 1)
  })

  test('200 — the same policy with BypassPolicyLockoutSafetyCheck, after which its author is out', async () => {
    await using server = await startServer()
    const kms = kmsOf(server)
    const ada = await server.user()
    const Policy = keyPolicy([to(ada.arn, 'kms:*')], false)
    const { KeyMetadata } = await kms.send(
      new CreateKeyCommand({ Policy, BypassPolicyLockoutSafetyCheck: true }),
    )
    const KeyId = KeyMetadata?.KeyId
    assert.equal((await errorOf(kms.send(new DescribeKeyCommand({ KeyId })))).name, 'AccessDeniedException')
    await kmsOf(server, ada).send(new DescribeKeyCommand({ KeyId }))
  })

  test('a caller whose own policies lack kms:PutKeyPolicy is locked out by a policy that leaves it to them', async () => {
    await using server = await startServer()
    const user = kmsOf(server, await server.user(allow(['kms:CreateKey'])))
    assert.deepEqual(await errorOf(user.send(new CreateKeyCommand({ Policy: keyPolicy([]) }))), LOCKED_OUT)
    await user.send(new CreateKeyCommand({}))
  })

  test('LimitExceededException — longer than 32 KiB', async () => {
    await using server = await startServer()
    const kms = kmsOf(server)
    const { id: KeyId } = await newKey(kms)
    const Policy = keyPolicy([]) + ' '.repeat(32_768)
    const { name } = await errorOf(kms.send(new PutKeyPolicyCommand({ KeyId, Policy })))
    assert.equal(name, 'LimitExceededException')
  })
})

describe('whom a key policy names', () => {
  test('MalformedPolicyDocumentException — somebody who does not exist', async () => {
    await using server = await startServer()
    const kms = kmsOf(server)
    const { id: KeyId } = await newKey(kms)
    const nobody = [
      'arn:aws:iam::111122223333:user/none',
      'arn:aws:iam::111122223333:role/none',
      'arn:aws:sts::111122223333:assumed-role/none/session',
      'arn:aws:iam::999999999999:root',
      'AIDAAAAAAAAAAAAAAAAAA',
    ]
    for (const principal of nobody) {
      const Policy = keyPolicy([to(principal, 'kms:Encrypt')])
      const expected = {
        name: 'MalformedPolicyDocumentException',
        message: 'Policy contains a statement with one or more invalid principals.',
      }
      assert.deepEqual(await errorOf(kms.send(new PutKeyPolicyCommand({ KeyId, Policy }))), expected)
      assert.deepEqual(await errorOf(kms.send(new CreateKeyCommand({ Policy }))), expected)
    }
  })

  test('an ARN elsewhere in the policy stays as it is, and so does all the rest', async () => {
    await using server = await startServer()
    const user = await server.user()
    const Condition = {
      ArnEquals: { 'aws:PrincipalArn': user.arn },
      NumericLessThan: { 'aws:EpochTime': 12_345_678_901 },
      Bool: { 'aws:SecureTransport': false },
    }
    const Policy = keyPolicy([to([user.arn], 'kms:Encrypt', { Condition })])
    const { id: KeyId } = await newKey(kmsOf(server), { Policy })
    await kmsOf(server, user).send(new EncryptCommand({ KeyId, Plaintext: text('x') }))
    assert.equal((await kmsOf(server).send(new GetKeyPolicyCommand({ KeyId }))).Policy, Policy)
  })

  test('is that principal and nobody who has the name later; GetKeyPolicy then shows the id', async () => {
    await using server = await startServer()
    const kms = kmsOf(server)
    const iam = server.sdk(IAMClient, server.admin)
    const user = await server.user()
    const { id: KeyId } = await newKey(kms, { Policy: keyPolicy([to(user.arn, 'kms:Encrypt')]) })
    const { name: UserName, accessKeyId: AccessKeyId } = user
    const { User: first } = await iam.send(new GetUserCommand({ UserName }))
    await iam.send(new DeleteAccessKeyCommand({ UserName, AccessKeyId }))
    await iam.send(new DeleteUserCommand({ UserName }))
    const { User: second } = await iam.send(new CreateUserCommand({ UserName }))
    assert.equal(second?.Arn, user.arn)
    const { AccessKey } = await iam.send(new CreateAccessKeyCommand({ UserName }))
    const theirs = kmsOf(server, {
      accessKeyId: AccessKey?.AccessKeyId ?? '',
      secretAccessKey: AccessKey?.SecretAccessKey ?? '',
    })
    const call = theirs.send(new EncryptCommand({ KeyId, Plaintext: text('x') }))
    assert.equal((await errorOf(call)).name, 'AccessDeniedException')
    const { Policy } = await kms.send(new GetKeyPolicyCommand({ KeyId }))
    assert.deepEqual(JSON.parse(Policy ?? '').Statement[1].Principal, { AWS: first?.UserId })
  })
})

describe('the key policy is the root of trust', () => {
  test('a caller’s own policies count for nothing unless the key’s policy says they do', async () => {
    await using server = await startServer()
    const [ada, ben] = [await server.user(allow('kms:*')), await server.user(allow('kms:*'))]
    const Policy = keyPolicy([to(ada.arn, ['kms:PutKeyPolicy', 'kms:Encrypt'])], false)
    const { id: KeyId } = await newKey(kmsOf(server, ada), { Policy })
    const encrypt = new EncryptCommand({ KeyId, Plaintext: text('x') })
    await kmsOf(server, ada).send(encrypt)
    for (const keys of [ben, server.admin])
      assert.equal((await errorOf(kmsOf(server, keys).send(encrypt))).name, 'AccessDeniedException')
    const described = kmsOf(server, ada).send(new DescribeKeyCommand({ KeyId }))
    assert.equal((await errorOf(described)).name, 'AccessDeniedException')
  })

  test('a key’s policy alone lets in a principal of the account who has no policies', async () => {
    await using server = await startServer()
    const user = await server.user()
    const { id: KeyId } = await newKey(kmsOf(server), { Policy: keyPolicy([to(user.arn, 'kms:Encrypt')]) })
    await kmsOf(server, user).send(new EncryptCommand({ KeyId, Plaintext: text('x') }))
  })

  test('a deny in the key’s policy stands against every allow', async () => {
    await using server = await startServer()
    const Policy = keyPolicy([{ ...to('*', 'kms:Encrypt'), Effect: 'Deny' }])
    const { id: KeyId } = await newKey(kmsOf(server), { Policy })
    const call = kmsOf(server).send(new EncryptCommand({ KeyId, Plaintext: text('x') }))
    const { name, message } = await errorOf(call)
    assert.equal(name, 'AccessDeniedException')
    assert.match(message, /with an explicit deny in a resource-based policy$/)
  })

  test('kms:CallerAccount, kms:KeyOrigin and kms:ViaService hold for what the call is', async () => {
    await using server = await startServer()
    const user = await server.user()
    const conditions: readonly [object, boolean][] = [
      [{ StringEquals: { 'kms:CallerAccount': '111122223333', 'kms:KeyOrigin': 'AWS_KMS' } }, true],
      [{ StringEquals: { 'kms:CallerAccount': '444455556666' } }, false],
      [{ StringEquals: { 'kms:ViaService': 'secretsmanager.us-east-1.amazonaws.com' } }, false],
      [{ Null: { 'kms:ViaService': 'true' } }, true],
    ]
    for (const [Condition, allowed] of conditions) {
      const Policy = keyPolicy([to(user.arn, 'kms:Encrypt', { Condition })])
      const { id: KeyId } = await newKey(kmsOf(server), { Policy })
      const call = kmsOf(server, user).send(new EncryptCommand({ KeyId, Plaintext: text('x') }))
      if (allowed) await call
      else assert.equal((await errorOf(call)).name, 'AccessDeniedException', JSON.stringify(Condition))
    }
  })
})

describe('a key of another account', () => {
  const grantAll = (principal: string) =>
    keyPolicy([to(principal, ['kms:Encrypt', 'kms:Decrypt', 'kms:DescribeKey'])])

  test('is used by its ARN, where both the key’s policy and the caller’s own allow', async () => {
    await using server = await startServer()
    const stranger = await server.userOf(server.otherAdmin, allow('kms:*'))
    const { arn, id } = await newKey(kmsOf(server), { Policy: grantAll('arn:aws:iam::444455556666:root') })
    const theirs = kmsOf(server, stranger)
    const { CiphertextBlob, KeyId } = await theirs.send(
      new EncryptCommand({ KeyId: arn, Plaintext: text('x') }),
    )
    assert.equal(KeyId, arn)
    await theirs.send(new DecryptCommand({ CiphertextBlob }))
    assert.equal(
      (await theirs.send(new DescribeKeyCommand({ KeyId: arn }))).KeyMetadata?.AWSAccountId,
      '111122223333',
    )
    const bare = theirs.send(new EncryptCommand({ KeyId: id, Plaintext: text('x') }))
    assert.equal((await errorOf(bare)).name, 'NotFoundException')
  })

  test('AccessDeniedException — where only one of the two policies allows', async () => {
    await using server = await startServer()
    const stranger = await server.userOf(server.otherAdmin)
    const permitted = await server.userOf(server.otherAdmin, allow('kms:*'))
    const open = await newKey(kmsOf(server), { Policy: grantAll(stranger.arn) })
    const closed = await newKey(kmsOf(server))
    for (const [keys, KeyId] of [
      [stranger, open.arn],
      [permitted, closed.arn],
    ] as const) {
      const call = kmsOf(server, keys).send(new EncryptCommand({ KeyId, Plaintext: text('x') }))
      assert.equal((await errorOf(call)).name, 'AccessDeniedException')
    }
  })

  test('AccessDeniedException — and for what only the key’s own account may do, whatever the policies say', async () => {
    await using server = await startServer()
    const Policy = keyPolicy([to('arn:aws:iam::444455556666:root', 'kms:*')])
    const { arn: KeyId } = await newKey(kmsOf(server), { Policy })
    const theirs = kmsOf(server, await server.userOf(server.otherAdmin, allow('kms:*')))
    await theirs.send(new DescribeKeyCommand({ KeyId }))
    for (const call of [
      () => theirs.send(new GetKeyPolicyCommand({ KeyId })),
      () => theirs.send(new PutKeyPolicyCommand({ KeyId, Policy })),
    ])
      assert.equal((await errorOf(call())).name, 'AccessDeniedException')
  })
})
