import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import {
  DeleteFunctionCommand,
  GetFunctionCommand,
  type LambdaClient,
  UpdateFunctionCodeCommand,
  UpdateFunctionConfigurationCommand,
  type UpdateFunctionConfigurationCommandInput,
} from '@aws-sdk/client-lambda'
import { zipOf } from '../../functions/zip.test-support.ts'
import {
  functionArn,
  makeRole,
  newFunction,
  openLambda,
  ROLE,
  refusalOf,
  ZIP,
} from './lambda.test-support.ts'

const OTHER_ZIP = zipOf([{ name: 'other.mjs', text: 'export const handler = async () => 2' }])
const STALE =
  'The Revision Id provided does not match the latest Revision Id. Call the GetFunction/GetAlias API to retrieve the latest Revision Id'

function update(lambda: LambdaClient, input: Partial<UpdateFunctionConfigurationCommandInput>) {
  return lambda.send(new UpdateFunctionConfigurationCommand({ FunctionName: 'rotate', ...input }))
}

describe('UpdateFunctionCode', () => {
  test('gives other code and another revision, and leaves the rest', async () => {
    await using scene = await openLambda()
    const before = await newFunction(scene, { Environment: { Variables: { KEY: 'kept' } }, Tags: { a: 'b' } })
    scene.server.clock.advance(1)
    const input = { FunctionName: 'rotate', ZipFile: OTHER_ZIP, RevisionId: before.RevisionId }
    const after = await scene.lambda.send(new UpdateFunctionCodeCommand(input))
    assert.equal(after.CodeSize, OTHER_ZIP.length)
    assert.notEqual(after.RevisionId, before.RevisionId)
    assert.ok((after.LastModified ?? '') > (before.LastModified ?? ''))
    assert.deepEqual(after.Environment, before.Environment)
    const { store, account } = scene.server.house
    const kept = await store.read.functions.zip({ account, region: 'us-east-1' }, 'rotate')
    assert.deepEqual(kept && Buffer.from(kept), OTHER_ZIP)
  })

  test('with DryRun answers the same and changes nothing', async () => {
    await using scene = await openLambda()
    const before = await newFunction(scene)
    const input = { FunctionName: 'rotate', ZipFile: OTHER_ZIP, DryRun: true }
    const dry = await scene.lambda.send(new UpdateFunctionCodeCommand(input))
    assert.equal(dry.CodeSize, OTHER_ZIP.length)
    const { Configuration } = await scene.lambda.send(new GetFunctionCommand({ FunctionName: 'rotate' }))
    assert.deepEqual([Configuration?.CodeSize, Configuration?.RevisionId], [ZIP.length, before.RevisionId])
  })

  test('refuses a revision that is not the latest, a broken zip, and what is not available', async () => {
    await using scene = await openLambda()
    await newFunction(scene)
    const send = (input: object) =>
      refusalOf(
        scene.lambda.send(
          new UpdateFunctionCodeCommand({ FunctionName: 'rotate', ZipFile: OTHER_ZIP, ...input }),
        ),
      )
    assert.deepEqual(await send({ RevisionId: 'old' }), {
      name: 'PreconditionFailedException',
      message: STALE,
      status: 412,
    })
    assert.match((await send({ ZipFile: Buffer.from('x') })).message, /^Could not unzip/)
    assert.match((await send({ Publish: true })).message, /^Publish is not available/)
    assert.match(
      (await send({ FunctionName: 'rotate:$LATEST' })).message,
      /permitted on Lambda functions only/,
    )
    assert.equal((await send({ FunctionName: 'absent' })).name, 'ResourceNotFoundException')
  })

  test('needs its permission on that function', async () => {
    await using scene = await openLambda()
    await newFunction(scene)
    const ada = await scene.server.user({
      Effect: 'Allow',
      Action: 'lambda:UpdateFunctionCode',
      Resource: functionArn('other'),
    })
    const input = { FunctionName: 'rotate', ZipFile: OTHER_ZIP }
    const { name, message } = await refusalOf(scene.as(ada).send(new UpdateFunctionCodeCommand(input)))
    assert.equal(name, 'AccessDeniedException')
    assert.match(message, /lambda:UpdateFunctionCode on resource: .*:function:rotate /)
  })
})

describe('UpdateFunctionConfiguration', () => {
  test('changes what is given, and leaves the rest', async () => {
    await using scene = await openLambda()
    const before = await newFunction(scene, { Timeout: 7, Environment: { Variables: { AA: '1', BB: '2' } } })
    const after = await update(scene.lambda, { MemorySize: 256, Description: 'd' })
    assert.deepEqual(
      [after.MemorySize, after.Description, after.Timeout, after.CodeSha256],
      [256, 'd', 7, before.CodeSha256],
    )
    assert.deepEqual(after.Environment, { Variables: { AA: '1', BB: '2' } })
    const changed = await update(scene.lambda, { Environment: { Variables: { AA: '3' } } })
    assert.deepEqual(changed.Environment, { Variables: { AA: '3' } })
    assert.equal((await update(scene.lambda, { Environment: {} })).Environment, undefined)
  })

  test('a new role must be passed and trusted as at first', async () => {
    await using scene = await openLambda()
    await newFunction(scene)
    const ada = await scene.server.user({
      Effect: 'Allow',
      Action: 'lambda:UpdateFunctionConfiguration',
      Resource: '*',
    })
    assert.match((await refusalOf(update(scene.as(ada), { Role: ROLE }))).message, /perform: iam:PassRole/)
    assert.equal((await update(scene.as(ada), { Timeout: 4 })).Timeout, 4)
    await makeRole(scene.server, 'other', 'ec2.amazonaws.com')
    const { message } = await refusalOf(update(scene.lambda, { Role: ROLE.replace('runner', 'other') }))
    assert.equal(message, 'The role defined for the function cannot be assumed by Lambda.')
    await makeRole(scene.server, 'second')
    const Role = ROLE.replace('runner', 'second')
    assert.equal((await update(scene.lambda, { Role })).Role, Role)
  })

  test('refuses an old revision, an unknown runtime, layers and too large an environment', async () => {
    await using scene = await openLambda()
    await newFunction(scene)
    const refused = (input: Partial<UpdateFunctionConfigurationCommandInput>) =>
      refusalOf(update(scene.lambda, input))
    assert.equal((await refused({ RevisionId: 'old' })).message, STALE)
    assert.match((await refused({ Runtime: 'python3.7' })).message, /python3.7 is no longer supported/)
    assert.match((await refused({ Runtime: 'ruby3.4' })).message, /ruby3.4 is not available/)
    const Layers = ['arn:aws:lambda:us-east-1:111122223333:layer:a:1']
    assert.match((await refused({ Layers })).message, /Layers is not available/)
    const Environment = { Variables: { SECRET: 'hunter2'.repeat(1000) } }
    assert.doesNotMatch((await refused({ Environment })).message, /hunter2/)
    assert.equal((await refused({ FunctionName: 'lockstep-rotate-postgresql' })).status, 400)
  })
})

describe('DeleteFunction', () => {
  test('removes the function with its code, and answers nothing', async () => {
    await using scene = await openLambda()
    await newFunction(scene)
    const { $metadata, StatusCode } = await scene.lambda.send(
      new DeleteFunctionCommand({ FunctionName: 'rotate' }),
    )
    assert.deepEqual([$metadata.httpStatusCode, StatusCode], [204, 204])
    const { store, account } = scene.server.house
    assert.equal(await store.read.functions.zip({ account, region: 'us-east-1' }, 'rotate'), undefined)
    const again = await refusalOf(scene.lambda.send(new DeleteFunctionCommand({ FunctionName: 'rotate' })))
    assert.equal(again.name, 'ResourceNotFoundException')
  })

  test('does not delete a version, nor for who may not', async () => {
    await using scene = await openLambda()
    await newFunction(scene)
    const send = (input: { FunctionName: string; Qualifier?: string }) =>
      refusalOf(scene.lambda.send(new DeleteFunctionCommand(input)))
    const latest = await send({ FunctionName: 'rotate', Qualifier: '$LATEST' })
    assert.equal(latest.message, '$LATEST version cannot be deleted without deleting the function.')
    assert.equal((await send({ FunctionName: 'rotate:1' })).name, 'ResourceNotFoundException')
    const ada = scene.as(await scene.server.user())
    const { name } = await refusalOf(ada.send(new DeleteFunctionCommand({ FunctionName: 'rotate' })))
    assert.equal(name, 'AccessDeniedException')
    await scene.lambda.send(new GetFunctionCommand({ FunctionName: 'rotate' }))
  })
})
