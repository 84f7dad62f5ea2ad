import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { AddPermissionCommand, InvokeCommand, type InvokeCommandInput } from '@aws-sdk/client-lambda'
import { AwsError } from '@lockstep/wire'
import { OTHER_ACCOUNT } from '../../testing/server.ts'
import { functionArn, type LambdaScene, newFunction, openLambda, refusalOf } from './lambda.test-support.ts'

function invoke({ lambda }: Pick<LambdaScene, 'lambda'>, input: Partial<InvokeCommandInput> = {}) {
  return lambda.send(new InvokeCommand({ FunctionName: 'rotate', ...input }))
}

describe('Invoke', () => {
  test('hands the payload over as it is, and answers what the function did', async () => {
    await using scene = await openLambda()
    await newFunction(scene)
    scene.answers({ payload: Buffer.from('{"done":"ü"}'), logTail: 'not asked for' })
    const { $metadata, Payload, ...answer } = await invoke(scene, { Payload: '{ "Step": "createSecret" }' })
    assert.equal($metadata.httpStatusCode, 200)
    assert.deepEqual(answer, { StatusCode: 200, ExecutedVersion: '$LATEST' })
    assert.equal(Payload?.transformToString(), '{"done":"ü"}')
    const [invocation] = scene.invocations
    assert.equal(invocation?.functionArn, functionArn())
    assert.equal(Buffer.from(invocation?.payload ?? []).toString(), '{ "Step": "createSecret" }')
  })

  test('says that the function failed, and shows the log to who asks for it', async () => {
    await using scene = await openLambda()
    await newFunction(scene)
    const error = '{"errorType":"Error","errorMessage":"no"}'
    scene.answers({ payload: Buffer.from(error), functionError: 'Unhandled', logTail: 'START\nmüde\n' })
    const { $metadata, FunctionError, LogResult, Payload } = await invoke(scene, { LogType: 'Tail' })
    assert.equal($metadata.httpStatusCode, 200)
    assert.equal(FunctionError, 'Unhandled')
    assert.equal(Buffer.from(LogResult ?? '', 'base64').toString(), 'START\nmüde\n')
    assert.equal(Payload?.transformToString(), error)
  })

  test('without a payload gives an empty event', async () => {
    await using scene = await openLambda()
    await newFunction(scene)
    await invoke(scene)
    assert.equal(Buffer.from(scene.invocations[0]?.payload ?? []).toString(), '{}')
  })

  test('as a DryRun runs nothing', async () => {
    await using scene = await openLambda()
    await newFunction(scene)
    const { $metadata, StatusCode } = await invoke(scene, { InvocationType: 'DryRun' })
    assert.deepEqual([$metadata.httpStatusCode, StatusCode], [204, 204])
    assert.deepEqual(scene.invocations, [])
  })

  test('refuses what is no JSON without repeating it, and what is not available', async () => {
    await using scene = await openLambda()
    await newFunction(scene)
    const { name, message } = await refusalOf(invoke(scene, { Payload: 'SECRET-1' }))
    assert.equal(name, 'InvalidRequestContentException')
    assert.ok(!message.includes('SECRET-1'))
    assert.match(
      (await refusalOf(invoke(scene, { ClientContext: 'e30=' }))).message,
      /ClientContext is not available/,
    )
    assert.match((await refusalOf(invoke(scene, { TenantId: 'a' }))).message, /TenantId is not available/)
    assert.equal((await refusalOf(invoke(scene, { Qualifier: '1' }))).name, 'ResourceNotFoundException')
    assert.equal(
      (await refusalOf(invoke(scene, { FunctionName: 'absent' }))).name,
      'ResourceNotFoundException',
    )
    assert.deepEqual(scene.invocations, [])
  })

  test('passes on that too much runs already', async () => {
    await using scene = await openLambda()
    await newFunction(scene)
    scene.answers(new AwsError('TooManyRequestsException', 'Rate Exceeded.'))
    assert.deepEqual(await refusalOf(invoke(scene)), {
      name: 'TooManyRequestsException',
      message: 'Rate Exceeded.',
      status: 429,
    })
  })

  test('holds no transaction while the function runs: it may change what the store holds', async () => {
    await using scene = await openLambda()
    await newFunction(scene)
    const running = Promise.withResolvers<void>()
    const { house } = scene.server
    const { invoke: real } = house.functions
    house.functions.invoke = async (invocation) => {
      await house.store.write(async () => {})
      running.resolve()
      return real(invocation)
    }
    await invoke(scene)
    await running.promise
  })

  test('is told in the trail without payload, answer or log', async () => {
    await using scene = await openLambda()
    await newFunction(scene)
    scene.answers({ payload: Buffer.from('"SECRET-2"'), logTail: 'SECRET-3' })
    await invoke(scene, { Payload: '"SECRET-1"', LogType: 'Tail' })
    const event = (await scene.server.trail()).find(({ eventName }) => eventName === 'Invoke')
    assert.partialDeepStrictEqual(event, {
      eventSource: 'lambda.amazonaws.com',
      readOnly: false,
      requestParameters: { functionName: 'rotate' },
      resources: [{ ARN: functionArn() }],
    })
    assert.doesNotMatch(JSON.stringify(event), /SECRET|U0VDUkVU/)
  })
})

describe('who may invoke', () => {
  test('identity policies decide in the account, by the function’s ARN', async () => {
    await using scene = await openLambda()
    await newFunction(scene)
    const may = (Resource: string) => ({ Effect: 'Allow', Action: 'lambda:InvokeFunction', Resource })
    const ada = await scene.server.user(may(functionArn()))
    await invoke({ lambda: scene.as(ada) }, { Qualifier: '$LATEST' })
    const ben = await scene.server.user(may(functionArn('other')))
    const { name, message } = await refusalOf(invoke({ lambda: scene.as(ben) }))
    assert.equal(name, 'AccessDeniedException')
    assert.match(message, /perform: lambda:InvokeFunction on resource: .*:function:rotate because/)
    assert.equal(scene.invocations.length, 1)
  })

  test('a deny on the function holds for its qualifier, too', async () => {
    await using scene = await openLambda()
    await newFunction(scene)
    const all = { Effect: 'Allow', Action: 'lambda:*', Resource: '*' }
    const deny = { Effect: 'Deny', Action: 'lambda:InvokeFunction', Resource: functionArn() }
    const lambda = scene.as(await scene.server.user(all, deny))
    for (const FunctionName of ['rotate', 'rotate:$LATEST', `${functionArn()}:$LATEST`])
      assert.match((await refusalOf(invoke({ lambda }, { FunctionName }))).message, /with an explicit deny/)
  })

  test('another account needs the function’s policy and its own', async () => {
    await using scene = await openLambda()
    await newFunction(scene)
    const stranger = { lambda: scene.as(scene.server.otherAdmin) }
    const input = { FunctionName: functionArn() }
    assert.equal((await refusalOf(invoke(stranger, input))).name, 'AccessDeniedException')
    await scene.lambda.send(
      new AddPermissionCommand({
        FunctionName: 'rotate',
        StatementId: 's',
        Action: 'lambda:InvokeFunction',
        Principal: OTHER_ACCOUNT,
      }),
    )
    assert.equal((await invoke(stranger, input)).StatusCode, 200)
    const nobody = await scene.server.userOf(scene.server.otherAdmin)
    const { name } = await refusalOf(invoke({ lambda: scene.as(nobody) }, input))
    assert.equal(name, 'AccessDeniedException')
  })

  test('a built-in function is invoked by whom IAM lets, and by no other', async () => {
    await using scene = await openLambda()
    const FunctionName = 'lockstep-rotate-random-password'
    const nobody = { lambda: scene.as(await scene.server.user()) }
    assert.equal((await refusalOf(invoke(nobody, { FunctionName }))).name, 'AccessDeniedException')
    await invoke(scene, { FunctionName })
    assert.equal(scene.invocations[0]?.functionArn, functionArn(FunctionName))
  })
})

describe('an invocation as an Event', () => {
  const event = { InvocationType: 'Event', Payload: '{"password":"hunter2"}' } as const

  test('is answered at once and run by a job, which says nothing of its payload', async () => {
    await using scene = await openLambda()
    await newFunction(scene)
    const { StatusCode } = await invoke(scene, event)
    assert.equal(StatusCode, 202)
    const place = { account: '111122223333', region: 'us-east-1' }
    const { store, scheduler } = scene.server.house
    const queued = await store.read.jobs.list(place, 'invoke-function')
    assert.equal(queued.length + scene.invocations.length, 1)
    assert.doesNotMatch(JSON.stringify(queued), /hunter2|cGFzc3dvcmQ/)
    await scheduler.settle()
    assert.equal(Buffer.from(scene.invocations[0]?.payload ?? []).toString(), event.Payload)
    assert.deepEqual(await store.read.jobs.list(place, 'invoke-function'), [])
  })

  test('that fails is run twice more, and then forgotten', async () => {
    await using scene = await openLambda()
    await newFunction(scene)
    scene.answers({ functionError: 'Unhandled' })
    await invoke(scene, event)
    const { store, scheduler } = scene.server.house
    for (let i = 0; i < 5; i++) {
      await scheduler.settle()
      scene.server.clock.advance(60)
    }
    assert.equal(scene.invocations.length, 3)
    const place = { account: '111122223333', region: 'us-east-1' }
    assert.deepEqual(await store.read.jobs.list(place, 'invoke-function'), [])
  })

  test('for which there is no room is tried on, for six hours', async () => {
    await using scene = await openLambda()
    await newFunction(scene)
    scene.answers(new AwsError('TooManyRequestsException', 'Rate Exceeded.'))
    await invoke(scene, event)
    const { store, scheduler } = scene.server.house
    const place = { account: '111122223333', region: 'us-east-1' }
    for (let i = 0; i < 5; i++) {
      await scheduler.settle()
      scene.server.clock.advance(3_600)
    }
    assert.equal(scene.invocations.length, 5)
    assert.equal((await store.read.jobs.list(place, 'invoke-function')).length, 1)
    scene.server.clock.advance(3_601)
    await scheduler.settle()
    assert.equal(scene.invocations.length, 5)
    assert.deepEqual(await store.read.jobs.list(place, 'invoke-function'), [])
  })

  test('of more than 1 MiB is refused', async () => {
    await using scene = await openLambda()
    await newFunction(scene)
    const Payload = JSON.stringify('x'.repeat(1_048_576))
    assert.deepEqual(await refusalOf(invoke(scene, { InvocationType: 'Event', Payload })), {
      name: 'RequestTooLargeException',
      message: 'Request must be smaller than 1048576 bytes for the InvokeFunction operation',
      status: 413,
    })
  })
})
