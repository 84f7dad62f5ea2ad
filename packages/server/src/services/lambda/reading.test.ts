import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import {
  DeleteFunctionCommand,
  GetFunctionCommand,
  GetFunctionConfigurationCommand,
  GetPolicyCommand,
  ListFunctionsCommand,
  UpdateFunctionCodeCommand,
} from '@aws-sdk/client-lambda'
import { OTHER_ACCOUNT, TEST_ACCOUNT } from '../../testing/server.ts'
import { functionArn, newFunction, openLambda, refusalOf } from './lambda.test-support.ts'

const BUILT_IN = 'lockstep-rotate-random-password'

/** Comes behind {@link BUILT_IN} in lists. */
const SSH_BUILT_IN = 'lockstep-rotate-ssh-key-pair'

describe('GetFunction', () => {
  test('finds a function by each form of its name', async () => {
    await using scene = await openLambda()
    const { $metadata: _, ...made } = await newFunction(scene)
    for (const FunctionName of [
      'rotate',
      'rotate:$LATEST',
      'function:rotate',
      `${TEST_ACCOUNT}:function:rotate`,
      functionArn(),
      `${functionArn()}:$LATEST`,
    ]) {
      const { Configuration } = await scene.lambda.send(new GetFunctionCommand({ FunctionName }))
      assert.deepEqual(Configuration, made, FunctionName)
    }
    const latest = { FunctionName: 'rotate', Qualifier: '$LATEST' }
    const shown = await scene.lambda.send(new GetFunctionConfigurationCommand(latest))
    assert.equal(shown.RevisionId, made.RevisionId)
  })

  test('knows no version and no alias', async () => {
    await using scene = await openLambda()
    await newFunction(scene)
    for (const input of [{ FunctionName: 'rotate:1' }, { FunctionName: 'rotate', Qualifier: '1' }])
      assert.deepEqual(await refusalOf(scene.lambda.send(new GetFunctionCommand(input))), {
        name: 'ResourceNotFoundException',
        message: `Function not found: ${functionArn()}:1`,
        status: 404,
      })
    const both = { FunctionName: 'rotate:1', Qualifier: '2' }
    const { name, message } = await refusalOf(scene.lambda.send(new GetFunctionCommand(both)))
    assert.equal(name, 'InvalidParameterValueException')
    assert.equal(
      message,
      'The derived qualifier from the function name does not match the specified qualifier.',
    )
  })

  test('says what is not there, and what is in another region', async () => {
    await using scene = await openLambda()
    const absent = await refusalOf(scene.lambda.send(new GetFunctionCommand({ FunctionName: 'absent' })))
    assert.deepEqual(absent, {
      name: 'ResourceNotFoundException',
      message: `Function not found: ${functionArn('absent')}`,
      status: 404,
    })
    const FunctionName = functionArn('rotate', undefined, 'eu-west-1')
    const { message } = await refusalOf(scene.lambda.send(new GetFunctionCommand({ FunctionName })))
    assert.equal(message, "Functions from 'eu-west-1' are not reachable in this region ('us-east-1')")
  })

  test('refuses who may not, whether or not the function is there', async () => {
    await using scene = await openLambda()
    await newFunction(scene)
    const ada = await scene.server.user()
    const told = async (FunctionName: string) => {
      const refusal = await refusalOf(scene.as(ada).send(new GetFunctionCommand({ FunctionName })))
      return { ...refusal, message: refusal.message.replaceAll(FunctionName, 'NAME') }
    }
    const present = await told('rotate')
    assert.deepEqual([present.name, present.status], ['AccessDeniedException', 403])
    assert.match(
      present.message,
      /perform: lambda:GetFunction on resource: arn:aws:lambda:us-east-1:\d+:function:NAME/,
    )
    assert.deepEqual(await told('absent'), present)
    assert.deepEqual(await told(BUILT_IN), present)
  })

  test('of another account looks the same, there or not', async () => {
    await using scene = await openLambda()
    await newFunction(scene)
    const stranger = scene.as(scene.server.otherAdmin)
    const told = async (name: string) => {
      const FunctionName = functionArn(name)
      const refusal = await refusalOf(stranger.send(new GetFunctionCommand({ FunctionName })))
      return { ...refusal, message: refusal.message.replaceAll(name, 'NAME') }
    }
    assert.equal((await told('rotate')).name, 'AccessDeniedException')
    assert.deepEqual(await told('absent'), await told('rotate'))
    assert.deepEqual(await told(BUILT_IN), await told('rotate'))
  })

  test('shows tags to those alone who may list them, and no place to fetch the zip from', async () => {
    await using scene = await openLambda()
    await newFunction(scene, { Tags: { team: 'a' } })
    const get = { Effect: 'Allow', Action: 'lambda:GetFunction', Resource: functionArn() }
    const list = { ...get, Action: 'lambda:ListTags' }
    const seen = async (...statements: object[]) =>
      scene
        .as(await scene.server.user(...statements))
        .send(new GetFunctionCommand({ FunctionName: 'rotate' }))
    assert.equal((await seen(get)).Tags, undefined)
    const { Tags, Code } = await seen(get, list)
    assert.deepEqual(Tags, { team: 'a' })
    assert.deepEqual(Code, { RepositoryType: 'S3' })
  })
})

describe('ListFunctions', () => {
  test('lists stored and built-in functions by name, page by page', async () => {
    await using scene = await openLambda()
    for (const FunctionName of ['z', 'a', 'lockstep-rotate-p']) await newFunction(scene, { FunctionName })
    const names: (string | undefined)[] = []
    let Marker: string | undefined
    do {
      const page = await scene.lambda.send(new ListFunctionsCommand({ MaxItems: 2, Marker }))
      assert.ok((page.Functions?.length ?? 0) <= 2)
      names.push(...(page.Functions ?? []).map(({ FunctionName }) => FunctionName))
      Marker = page.NextMarker
    } while (Marker)
    assert.deepEqual(names, [
      'a',
      'lockstep-rotate-p',
      'lockstep-rotate-postgresql',
      BUILT_IN,
      SSH_BUILT_IN,
      'z',
    ])
  })

  test('lists 50 at most, whatever is asked for', async () => {
    await using scene = await openLambda()
    const place = { account: TEST_ACCOUNT, region: 'us-east-1' }
    await newFunction(scene, { FunctionName: 'f' })
    await scene.server.house.store.write(async (tx) => {
      const record = await tx.functions.byName(place, 'f')
      assert.ok(record)
      for (let i = 0; i < 60; i++)
        await tx.functions.insert({ ...record, name: `f${i}`, arn: functionArn(`f${i}`) })
    })
    const { Functions, NextMarker } = await scene.lambda.send(new ListFunctionsCommand({ MaxItems: 10_000 }))
    assert.equal(Functions?.length, 50)
    assert.ok(NextMarker)
  })

  test('a function in a list has no state, as in AWS', async () => {
    await using scene = await openLambda()
    const { $metadata: _, ...made } = await newFunction(scene)
    const { Functions } = await scene.lambda.send(new ListFunctionsCommand({}))
    const listed = Functions?.find(({ FunctionName }) => FunctionName === 'rotate')
    const { State, LastUpdateStatus, ...shown } = made
    assert.deepEqual(listed, shown)
    assert.deepEqual([State, LastUpdateStatus], ['Active', 'Successful'])
  })

  test('shows an account its own alone, and takes no other list’s marker', async () => {
    await using scene = await openLambda()
    await newFunction(scene)
    const { Functions } = await scene.as(scene.server.otherAdmin).send(new ListFunctionsCommand({}))
    assert.deepEqual(
      Functions?.map(({ FunctionArn }) => FunctionArn),
      ['lockstep-rotate-postgresql', BUILT_IN, SSH_BUILT_IN].map((name) => functionArn(name, OTHER_ACCOUNT)),
    )
    const { name } = await refusalOf(scene.lambda.send(new ListFunctionsCommand({ Marker: 'made-up' })))
    assert.equal(name, 'InvalidParameterValueException')
    const ada = await scene.server.user()
    assert.equal(
      (await refusalOf(scene.as(ada).send(new ListFunctionsCommand({})))).name,
      'AccessDeniedException',
    )
  })
})

describe('a built-in function', () => {
  test('is found, and admits Secrets Manager for its own account', async () => {
    await using scene = await openLambda()
    const { Configuration } = await scene.lambda.send(new GetFunctionCommand({ FunctionName: BUILT_IN }))
    assert.equal(Configuration?.FunctionArn, functionArn(BUILT_IN))
    const { Policy } = await scene.lambda.send(new GetPolicyCommand({ FunctionName: BUILT_IN }))
    assert.partialDeepStrictEqual(JSON.parse(Policy ?? ''), {
      Statement: [
        {
          Principal: { Service: 'secretsmanager.amazonaws.com' },
          Action: 'lambda:InvokeFunction',
          Resource: functionArn(BUILT_IN),
          Condition: { StringEquals: { 'AWS:SourceAccount': TEST_ACCOUNT } },
        },
      ],
    })
  })

  test('cannot be deleted or changed, by whoever may do all', async () => {
    await using scene = await openLambda()
    const FunctionName = BUILT_IN
    const calls = [
      scene.lambda.send(new DeleteFunctionCommand({ FunctionName })),
      scene.lambda.send(new UpdateFunctionCodeCommand({ FunctionName, ZipFile: Buffer.from('') })),
    ]
    for (const refusal of await Promise.all(calls.map(refusalOf)))
      assert.deepEqual(refusal, {
        name: 'InvalidParameterValueException',
        message: 'A built-in function cannot be changed or deleted.',
        status: 400,
      })
  })
})
