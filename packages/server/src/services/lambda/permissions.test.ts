import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import {
  CreateAccessKeyCommand,
  CreateUserCommand,
  DeleteAccessKeyCommand,
  DeleteUserCommand,
  IAMClient,
} from '@aws-sdk/client-iam'
import {
  AddPermissionCommand,
  type AddPermissionCommandInput,
  GetFunctionCommand,
  GetPolicyCommand,
  RemovePermissionCommand,
} from '@aws-sdk/client-lambda'
import { compilePolicy } from '../../policy/compile.ts'
import { parsePolicy } from '../../policy/parse.ts'
import { admitsService } from '../../policy/service-principal.ts'
import { OTHER_ACCOUNT } from '../../testing/server.ts'
import { functionArn, type LambdaScene, newFunction, openLambda, refusalOf } from './lambda.test-support.ts'

const FunctionName = 'rotate'
const SECRET = 'arn:aws:secretsmanager:us-east-1:111122223333:secret:db-a1b2c3'

function add({ lambda }: Pick<LambdaScene, 'lambda'>, changes: Partial<AddPermissionCommandInput> = {}) {
  const input = {
    FunctionName,
    StatementId: 's1',
    Action: 'lambda:InvokeFunction',
    Principal: 'secretsmanager.amazonaws.com',
    ...changes,
  }
  return lambda.send(new AddPermissionCommand(input))
}

function remove({ lambda }: Pick<LambdaScene, 'lambda'>, StatementId: string, RevisionId?: string) {
  return lambda.send(new RemovePermissionCommand({ FunctionName, StatementId, RevisionId }))
}

async function policyOf({ lambda }: LambdaScene) {
  const { Policy, RevisionId } = await lambda.send(new GetPolicyCommand({ FunctionName }))
  return { document: JSON.parse(Policy ?? ''), revision: RevisionId }
}

describe('AddPermission', () => {
  test('writes the statement as AWS does, and answers it', async () => {
    await using scene = await openLambda()
    await newFunction(scene)
    const source = { SourceArn: SECRET, SourceAccount: '111122223333' }
    const { $metadata, Statement } = await add(scene, source)
    assert.equal($metadata.httpStatusCode, 201)
    const statement = {
      Sid: 's1',
      Effect: 'Allow',
      Principal: { Service: 'secretsmanager.amazonaws.com' },
      Action: 'lambda:InvokeFunction',
      Resource: functionArn(),
      Condition: {
        StringEquals: { 'AWS:SourceAccount': '111122223333' },
        ArnLike: { 'AWS:SourceArn': SECRET },
      },
    }
    assert.deepEqual(JSON.parse(Statement ?? ''), statement)
    await add(scene, { StatementId: 's2', Principal: OTHER_ACCOUNT, Action: 'lambda:GetFunction' })
    assert.deepEqual((await policyOf(scene)).document, {
      Version: '2012-10-17',
      Id: 'default',
      Statement: [
        statement,
        {
          Sid: 's2',
          Effect: 'Allow',
          Principal: { AWS: `arn:aws:iam::${OTHER_ACCOUNT}:root` },
          Action: 'lambda:GetFunction',
          Resource: functionArn(),
        },
      ],
    })
  })

  test('admits the service that it names, for that source alone', async () => {
    await using scene = await openLambda()
    await newFunction(scene)
    await add(scene, { SourceArn: SECRET })
    const { store, account } = scene.server.house
    const record = await store.read.functions.byName({ account, region: 'us-east-1' }, FunctionName)
    const policy = compilePolicy(parsePolicy(record?.policy?.bound ?? '', 'resource'))
    const ask = {
      service: 'secretsmanager.amazonaws.com',
      action: 'lambda:InvokeFunction',
      resource: functionArn(),
      resourceAccount: account,
      sourceArn: SECRET,
      sourceAccount: account,
    }
    assert.equal(admitsService(policy, ask), true)
    assert.equal(admitsService(policy, { ...ask, sourceArn: `${SECRET}x` }), false)
    assert.equal(admitsService(policy, { ...ask, service: 'sns.amazonaws.com' }), false)
  })

  test('gives the function another revision', async () => {
    await using scene = await openLambda()
    const { RevisionId } = await newFunction(scene)
    await add(scene, { RevisionId })
    const { revision } = await policyOf(scene)
    assert.notEqual(revision, RevisionId)
    const { name, status, message } = await refusalOf(add(scene, { StatementId: 's2', RevisionId }))
    assert.deepEqual([name, status], ['PreconditionFailedException', 412])
    assert.match(message, /Call the GetPolicy API to retrieve the latest Revision Id$/)
  })

  test('refuses a statement id twice', async () => {
    await using scene = await openLambda()
    await newFunction(scene)
    await add(scene)
    assert.deepEqual(await refusalOf(add(scene)), {
      name: 'ResourceConflictException',
      message:
        'The statement id (s1) provided already exists. Please provide a new statement id, or remove the existing statement.',
      status: 409,
    })
  })

  test('refuses principals that do not exist', async () => {
    await using scene = await openLambda()
    await newFunction(scene)
    for (const Principal of [
      'nobody',
      '999999999999',
      'arn:aws:iam::111122223333:user/absent',
      'arn:aws:iam::111122223333:policy/p',
      'evil.example.com',
    ])
      assert.deepEqual(
        await refusalOf(add(scene, { Principal })),
        {
          name: 'InvalidParameterValueException',
          message: 'The provided principal was invalid. Please check the principal and try again.',
          status: 400,
        },
        Principal,
      )
  })

  test('refuses $LATEST, versions, built-in functions and what is not available', async () => {
    await using scene = await openLambda()
    await newFunction(scene)
    const refused = (input: Partial<AddPermissionCommandInput>) => refusalOf(add(scene, input))
    assert.equal(
      (await refused({ Qualifier: '$LATEST' })).message,
      'We currently do not support adding policies for $LATEST.',
    )
    assert.equal((await refused({ Qualifier: '1' })).name, 'ResourceNotFoundException')
    assert.match((await refused({ FunctionName: 'lockstep-rotate-postgresql' })).message, /built-in/)
    assert.match((await refused({ PrincipalOrgID: 'o-a1b2c3d4e5' })).message, /PrincipalOrgID is not/)
    assert.match((await refused({ EventSourceToken: 'a' })).message, /EventSourceToken is not/)
    assert.match((await refused({ FunctionUrlAuthType: 'NONE' })).message, /function URL is not/)
  })

  test('refuses a policy of more than 20 KiB', async () => {
    await using scene = await openLambda()
    await newFunction(scene)
    const { store, account } = scene.server.house
    await store.write(async (tx) => {
      const record = await tx.functions.byName({ account, region: 'us-east-1' }, FunctionName)
      assert.ok(record)
      const document = JSON.stringify({
        Version: '2012-10-17',
        Statement: [
          {
            Sid: 'x'.repeat(20_000),
            Effect: 'Allow',
            Principal: '*',
            Action: 'lambda:GetPolicy',
            Resource: '*',
          },
        ],
      })
      await tx.functions.update({ ...record, policy: { document, bound: document, principals: {} } })
    })
    await add(scene)
    const { name, message } = await refusalOf(add(scene, { StatementId: 's2', SourceArn: SECRET }))
    assert.equal(name, 'PolicyLengthExceededException')
    assert.match(message, /^The final policy size \(\d+\) is bigger than the limit \(20480\)\.$/)
  })

  test('a condition on the principal that is let in counts', async () => {
    await using scene = await openLambda()
    await newFunction(scene)
    const ada = await scene.server.user({
      Effect: 'Allow',
      Action: ['lambda:AddPermission', 'lambda:RemovePermission'],
      Resource: functionArn(),
      Condition: { StringEquals: { 'lambda:Principal': OTHER_ACCOUNT } },
    })
    const lambda = scene.as(ada)
    assert.equal((await refusalOf(add({ lambda }))).name, 'AccessDeniedException')
    await add({ lambda }, { Principal: OTHER_ACCOUNT })
    await add(scene, { StatementId: 's2' })
    assert.equal((await refusalOf(remove({ lambda }, 's2'))).name, 'AccessDeniedException')
    await remove({ lambda }, 's1')
  })

  test('whoever gets a deleted user’s name later gains nothing', async () => {
    await using scene = await openLambda()
    await newFunction(scene)
    const iam = scene.server.sdk(IAMClient, scene.server.admin)
    const UserName = 'eve'
    const { User } = await iam.send(new CreateUserCommand({ UserName }))
    const eve = async () => {
      const { AccessKey } = await iam.send(new CreateAccessKeyCommand({ UserName }))
      const { AccessKeyId = '', SecretAccessKey = '' } = AccessKey ?? {}
      return scene.as({ accessKeyId: AccessKeyId, secretAccessKey: SecretAccessKey })
    }
    const get = new GetFunctionCommand({ FunctionName })
    await add(scene, { Principal: User?.Arn, Action: 'lambda:GetFunction' })
    const first = await eve()
    await first.send(get)
    const { accessKeyId: AccessKeyId } = await first.config.credentials()
    await iam.send(new DeleteAccessKeyCommand({ UserName, AccessKeyId }))
    await iam.send(new DeleteUserCommand({ UserName }))
    await iam.send(new CreateUserCommand({ UserName }))
    assert.equal((await refusalOf((await eve()).send(get))).name, 'AccessDeniedException')
    await add(scene, { StatementId: 's2' })
    const { document } = await policyOf(scene)
    assert.deepEqual(document.Statement[0].Principal, { AWS: User?.UserId })
    await remove(scene, 's2')
    assert.equal((await policyOf(scene)).document.Statement.length, 1)
  })
})

describe('RemovePermission', () => {
  test('removes one statement and leaves the others; without any there is no policy', async () => {
    await using scene = await openLambda()
    await newFunction(scene)
    await add(scene)
    await add(scene, { StatementId: 's2', Principal: OTHER_ACCOUNT })
    const { $metadata } = await remove(scene, 's1', (await policyOf(scene)).revision)
    assert.equal($metadata.httpStatusCode, 204)
    const { document } = await policyOf(scene)
    assert.deepEqual(
      document.Statement.map(({ Sid }: { Sid: string }) => Sid),
      ['s2'],
    )
    await remove(scene, 's2')
    assert.deepEqual(await refusalOf(scene.lambda.send(new GetPolicyCommand({ FunctionName }))), {
      name: 'ResourceNotFoundException',
      message: 'The resource you requested does not exist.',
      status: 404,
    })
  })

  test('takes away at once what it allowed', async () => {
    await using scene = await openLambda()
    await newFunction(scene)
    await add(scene, { Principal: OTHER_ACCOUNT, Action: 'lambda:GetFunction' })
    const get = new GetFunctionCommand({ FunctionName: functionArn() })
    const stranger = scene.as(scene.server.otherAdmin)
    await stranger.send(get)
    await remove(scene, 's1')
    assert.equal((await refusalOf(stranger.send(get))).name, 'AccessDeniedException')
  })

  test('says what is not there, and refuses an old revision', async () => {
    await using scene = await openLambda()
    const { RevisionId } = await newFunction(scene)
    assert.equal(
      (await refusalOf(remove(scene, 's1'))).message,
      'No policy is associated with the given resource.',
    )
    await add(scene)
    assert.equal(
      (await refusalOf(remove(scene, 's2'))).message,
      'Statement s2 is not found in resource policy.',
    )
    assert.equal((await refusalOf(remove(scene, 's1', RevisionId))).status, 412)
  })
})
