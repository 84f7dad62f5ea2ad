import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { describe, test } from 'node:test'
import {
  CreateFunctionCommand,
  type CreateFunctionCommandInput,
  GetFunctionCommand,
} from '@aws-sdk/client-lambda'
import { OTHER_ACCOUNT } from '../../testing/server.ts'
import {
  functionArn,
  functionInput,
  makeRole,
  newFunction,
  openLambda,
  ROLE,
  refusalOf,
  ZIP,
} from './lambda.test-support.ts'

describe('CreateFunction', () => {
  test('answers what was made, with AWS’s defaults for what was not said', async () => {
    await using scene = await openLambda()
    const { $metadata, RevisionId, LastModified, Architectures, ...made } = await scene.lambda.send(
      new CreateFunctionCommand(functionInput()),
    )
    assert.equal($metadata.httpStatusCode, 201)
    assert.match(RevisionId ?? '', /^[0-9a-f-]{36}$/)
    assert.equal(LastModified, scene.server.clock.now().toISOString().replace('Z', '+0000'))
    assert.equal(Architectures?.length, 1)
    assert.deepEqual(made, {
      FunctionName: 'rotate',
      FunctionArn: functionArn(),
      Runtime: 'nodejs24.x',
      Role: ROLE,
      Handler: 'index.handler',
      CodeSize: ZIP.length,
      CodeSha256: createHash('sha256').update(ZIP).digest('base64'),
      Description: '',
      Timeout: 3,
      MemorySize: 128,
      Version: '$LATEST',
      TracingConfig: { Mode: 'PassThrough' },
      PackageType: 'Zip',
      EphemeralStorage: { Size: 512 },
      SnapStart: { ApplyOn: 'None', OptimizationStatus: 'Off' },
      LoggingConfig: { LogFormat: 'Text', LogGroup: '/aws/lambda/rotate' },
      State: 'Active',
      LastUpdateStatus: 'Successful',
    })
  })

  test('the zip is kept byte by byte', async () => {
    await using scene = await openLambda()
    await newFunction(scene)
    const { store, account } = scene.server.house
    const kept = await store.read.functions.zip({ account, region: 'us-east-1' }, 'rotate')
    assert.deepEqual(kept && Buffer.from(kept), ZIP)
  })

  test('settings, tags and environment are taken', async () => {
    await using scene = await openLambda()
    await newFunction(scene, {
      Description: 'für Schlüssel',
      Timeout: 900,
      MemorySize: 10_240,
      Environment: { Variables: { LEVEL: 'debug' } },
      Tags: { team: 'a' },
    })
    const found = await scene.lambda.send(new GetFunctionCommand({ FunctionName: 'rotate' }))
    assert.partialDeepStrictEqual(found, {
      Configuration: {
        Description: 'für Schlüssel',
        Timeout: 900,
        MemorySize: 10_240,
        Environment: { Variables: { LEVEL: 'debug' } },
      },
      Tags: { team: 'a' },
    })
  })

  test('a name may be a partial or a whole ARN of one’s own', async () => {
    await using scene = await openLambda()
    const names = ['111122223333:function:one', functionArn('two'), 'function:three']
    for (const FunctionName of names) {
      const made = await newFunction(scene, { FunctionName })
      assert.equal(made.FunctionArn, functionArn(FunctionName.split(':').at(-1)))
    }
  })

  test('a name that is taken is a conflict, a built-in function’s as well', async () => {
    await using scene = await openLambda()
    await newFunction(scene)
    for (const FunctionName of ['rotate', 'lockstep-rotate-random-password'])
      assert.deepEqual(await refusalOf(newFunction(scene, { FunctionName })), {
        name: 'ResourceConflictException',
        message: `Function already exist: ${FunctionName}`,
        status: 409,
      })
  })
})

describe('CreateFunction refuses', () => {
  const refused: readonly (readonly [string, Partial<CreateFunctionCommandInput>, RegExp])[] = [
    ['a name of 65 characters', { FunctionName: 'a'.repeat(65) }, /less than or equal to 64/],
    ['another region', { FunctionName: functionArn('f', undefined, 'eu-west-1') }, /this region/],
    ['a qualifier', { FunctionName: 'f:$LATEST' }, /permitted on Lambda functions only/],
    ['no runtime', { Runtime: undefined }, /^Runtime and Handler are mandatory/],
    ['no handler', { Handler: undefined }, /^Runtime and Handler are mandatory/],
    [
      'a runtime that is over',
      { Runtime: 'nodejs12.x' },
      /^The runtime parameter of nodejs12.x is no longer supported/,
    ],
    ['a runtime of another language', { Runtime: 'java21' }, /^The runtime java21 is not available/],
    ['an image', { PackageType: 'Image' }, /PackageType Image is not available/],
    ['a network', { VpcConfig: { SubnetIds: ['subnet-1'] } }, /VpcConfig is not available/],
    ['layers', { Layers: ['arn:aws:lambda:us-east-1:111122223333:layer:a:1'] }, /Layers is not available/],
    ['a published version', { Publish: true }, /Publish is not available/],
    ['a key of its own', { KMSKeyArn: 'arn:aws:kms:us-east-1:111122223333:key/1' }, /KMSKeyArn/],
    ['tracing', { TracingConfig: { Mode: 'Active' } }, /TracingConfig/],
    ['a reserved tag', { Tags: { 'aws:a': 'b' } }, /reserved/],
    ['tags that differ in case', { Tags: { a: '1', A: '2' } }, /differ in case/],
  ]
  for (const [what, changes, sentence] of refused)
    test(what, async () => {
      await using scene = await openLambda()
      const { name, message, status } = await refusalOf(newFunction(scene, changes))
      assert.deepEqual([name, status], ['InvalidParameterValueException', 400])
      assert.match(message, sentence)
    })

  test('what the model forbids, in its sentences', async () => {
    await using scene = await openLambda()
    const wrong = { Timeout: 901, MemorySize: 127, FunctionName: 'a b' }
    const { name, message } = await refusalOf(newFunction(scene, wrong))
    assert.equal(name, 'ValidationException')
    assert.match(message, /^3 validation errors detected: /)
    assert.match(message, /Value '901' at 'timeout' .* less than or equal to 900/)
    assert.match(message, /Value '127' at 'memorySize' .* greater than or equal to 128/)
  })

  test('another account, like everything that nobody let the caller do there', async () => {
    await using scene = await openLambda()
    const FunctionName = functionArn('f', OTHER_ACCOUNT)
    const { name, message } = await refusalOf(newFunction(scene, { FunctionName }))
    assert.equal(name, 'AccessDeniedException')
    assert.match(message, /perform: lambda:CreateFunction on resource: /)
  })

  test('a 51st tag', async () => {
    await using scene = await openLambda()
    const Tags = Object.fromEntries(Array.from({ length: 51 }, (_, i) => [`k${i}`, '']))
    assert.deepEqual(await refusalOf(newFunction(scene, { Tags })), {
      name: 'InvalidParameterValueException',
      message: 'Number of tags exceeds resource tag limit.',
      status: 400,
    })
  })
})

describe('the environment of a function', () => {
  test('may have 4 KiB as JSON and no byte more, and the refusal repeats none of it', async () => {
    await using scene = await openLambda()
    const room = 4096 - '{"SECRET":""}'.length
    await newFunction(scene, { Environment: { Variables: { SECRET: 'x'.repeat(room) } } })
    const tooLarge = { Variables: { SECRET: `${'x'.repeat(room - 1)}é` } }
    const { message } = await refusalOf(newFunction(scene, { FunctionName: 'other', Environment: tooLarge }))
    assert.match(message, /exceeded the 4KB limit\.$/)
  })

  test('has none of the names that Lambda sets', async () => {
    await using scene = await openLambda()
    const Environment = { Variables: { AWS_SESSION_TOKEN: 'SECRET-1' } }
    const { name, message } = await refusalOf(newFunction(scene, { Environment }))
    assert.equal(name, 'InvalidParameterValueException')
    assert.match(message, /Reserved keys used in this request: AWS_SESSION_TOKEN$/)
    assert.ok(!message.includes('SECRET-1'))
  })

  test('holds no U+0000, which no process can be given', async () => {
    await using scene = await openLambda()
    const { message } = await refusalOf(
      newFunction(scene, { Environment: { Variables: { KEY: 'SECRET\0' } } }),
    )
    assert.match(message, /U\+0000\.$/)
    assert.ok(!message.includes('SECRET'))
  })

  test('is sealed in the store, and in no event of the trail', async () => {
    await using scene = await openLambda()
    await newFunction(scene, { Environment: { Variables: { PASSWORD: 'hunter2-in-full' } } })
    await scene.lambda.send(new GetFunctionCommand({ FunctionName: 'rotate' }))
    const { store, account } = scene.server.house
    const record = await store.read.functions.byName({ account, region: 'us-east-1' }, 'rotate')
    assert.ok(record?.sealedEnvironment)
    assert.ok(!Buffer.from(record.sealedEnvironment).includes('hunter2'))
    const trail = JSON.stringify(await scene.server.trail())
    assert.ok(trail.includes('"CreateFunction"') && trail.includes('"GetFunction"'))
    assert.doesNotMatch(trail, /hunter2|PASSWORD|zipFile/)
    assert.ok(!trail.includes(ZIP.toString('base64').slice(0, 40)))
  })

  test('does not open for another function', async () => {
    await using scene = await openLambda()
    await newFunction(scene, { Environment: { Variables: { KEY: 'of rotate' } } })
    await newFunction(scene, { FunctionName: 'other' })
    const { store, account } = scene.server.house
    const place = { account, region: 'us-east-1' }
    await store.write(async (tx) => {
      const [theirs, ours] = [
        await tx.functions.byName(place, 'rotate'),
        await tx.functions.byName(place, 'other'),
      ]
      assert.ok(theirs && ours)
      await tx.functions.update({ ...ours, sealedEnvironment: theirs.sealedEnvironment })
    })
    const { name } = await refusalOf(scene.lambda.send(new GetFunctionCommand({ FunctionName: 'other' })))
    assert.equal(name, 'InternalFailure')
  })
})

describe('the role of a function', () => {
  const create = { Effect: 'Allow', Action: 'lambda:CreateFunction', Resource: '*' }
  const pass = { Effect: 'Allow', Action: 'iam:PassRole', Resource: ROLE }

  test('must be one that the caller may pass to Lambda', async () => {
    await using scene = await openLambda()
    const ada = await scene.server.user(create)
    const refusal = await refusalOf(scene.as(ada).send(new CreateFunctionCommand(functionInput())))
    assert.deepEqual(refusal, {
      name: 'AccessDeniedException',
      message: `User: ${ada.arn} is not authorized to perform: iam:PassRole on resource: ${ROLE} because no identity-based policy allows the iam:PassRole action`,
      status: 403,
    })
    const toOthers = { StringEquals: { 'iam:PassedToService': 'ec2.amazonaws.com' } }
    const ben = await scene.server.user(create, { ...pass, Condition: toOthers })
    const input = new CreateFunctionCommand(functionInput())
    assert.match((await refusalOf(scene.as(ben).send(input))).message, /perform: iam:PassRole/)
    const toLambda = { StringEquals: { 'iam:PassedToService': 'lambda.amazonaws.com' } }
    const cid = await scene.server.user(create, { ...pass, Condition: toLambda })
    assert.equal((await scene.as(cid).send(input)).Role, ROLE)
  })

  test('that does not exist looks, to who may not pass it, like one that does', async () => {
    await using scene = await openLambda()
    const ada = await scene.server.user(create)
    const Role = `${ROLE}-absent`
    const refusal = await refusalOf(scene.as(ada).send(new CreateFunctionCommand(functionInput({ Role }))))
    assert.match(refusal.message, /perform: iam:PassRole on resource: .*-absent because no identity-based/)
  })

  test('must trust Lambda', async () => {
    await using scene = await openLambda()
    await makeRole(scene.server, 'other', 'ec2.amazonaws.com')
    const account = { Condition: { StringEquals: { 'aws:SourceAccount': OTHER_ACCOUNT } } }
    await makeRole(scene.server, 'foreign', 'lambda.amazonaws.com', account)
    for (const name of ['other', 'foreign', 'absent', 'path/runner', 'Runner'])
      assert.deepEqual(
        await refusalOf(newFunction(scene, { Role: `arn:aws:iam::111122223333:role/${name}` })),
        {
          name: 'InvalidParameterValueException',
          message: 'The role defined for the function cannot be assumed by Lambda.',
          status: 400,
        },
        name,
      )
  })

  test('must be of the caller’s account', async () => {
    await using scene = await openLambda()
    const Role = `arn:aws:iam::${OTHER_ACCOUNT}:role/runner`
    const { name, status } = await refusalOf(newFunction(scene, { Role }))
    assert.deepEqual([name, status], ['AccessDeniedException', 403])
  })

  test('tags need a permission of their own', async () => {
    await using scene = await openLambda()
    const ada = await scene.server.user(create, pass)
    const input = functionInput({ Tags: { team: 'a' } })
    const { message } = await refusalOf(scene.as(ada).send(new CreateFunctionCommand(input)))
    assert.match(message, /perform: lambda:TagResource on resource: arn:aws:lambda:.*:function:rotate/)
  })

  test('a condition on the tags of the call counts', async () => {
    await using scene = await openLambda()
    const Condition = { StringEquals: { 'aws:RequestTag/team': 'a' } }
    const tag = { Effect: 'Allow', Action: 'lambda:TagResource', Resource: '*' }
    const ada = await scene.server.user({ ...create, Condition }, tag, pass)
    const made = (team: string) =>
      scene.as(ada).send(new CreateFunctionCommand(functionInput({ Tags: { team } })))
    assert.match((await refusalOf(made('b'))).message, /perform: lambda:CreateFunction/)
    assert.equal((await made('a')).FunctionName, 'rotate')
  })
})
