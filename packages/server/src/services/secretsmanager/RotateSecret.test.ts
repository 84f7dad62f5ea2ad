import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import {
  CreateSecretCommand,
  DeleteSecretCommand,
  GetSecretValueCommand,
  ListSecretsCommand,
  PutSecretValueCommand,
  RotateSecretCommand,
  SecretsManagerClient,
  UpdateSecretVersionStageCommand,
} from '@aws-sdk/client-secrets-manager'
import {
  LAMBDA_ARN,
  openScene,
  putFunction,
  Rotator,
  stages,
  threw,
} from '../../rotation/scene.test-support.ts'
import { withoutClientRequestToken } from '../../testing/without-client-request-token.ts'

const DAILY = { AutomaticallyAfterDays: 1 }

describe('RotateSecret', () => {
  test('200 — a new version is current, the one before is AWSPREVIOUS, and no AWSPENDING is left', async () => {
    await using scene = await openScene()
    const { VersionId = '', ARN, Name } = await scene.rotate({ RotationRules: DAILY })
    assert.deepEqual([ARN, Name], [scene.arn, 'db'])
    await scene.pass()
    const described = await scene.describe()
    assert.deepEqual(stages(described), { [VersionId]: ['AWSCURRENT'], [scene.first]: ['AWSPREVIOUS'] })
    assert.equal(described.RotationEnabled, true)
    assert.equal(described.RotationLambdaARN, LAMBDA_ARN)
    assert.deepEqual(described.RotationRules, DAILY)
    assert.deepEqual(described.LastRotatedDate, scene.server.clock.now())
    assert.equal(described.NextRotationDate?.toISOString(), '2026-01-16T23:59:59.000Z')
    const { SecretString } = await scene.secrets().send(new GetSecretValueCommand({ SecretId: 'db' }))
    assert.equal(SecretString, `made for ${VersionId}`)
    assert.deepEqual(scene.rotator.steps(), ['createSecret', 'setSecret', 'testSecret', 'finishSecret'])
    assert.deepEqual(
      new Set(scene.rotator.events.map((event) => event.ClientRequestToken)),
      new Set([VersionId]),
    )
  })

  test('200 — the version is reserved at once, without a value, and is not readable', async () => {
    await using scene = await openScene()
    scene.rotator.meanwhile = async ({ Step, ClientRequestToken }) => {
      if (Step !== 'createSecret') return
      assert.deepEqual(stages(await scene.describe()), {
        [ClientRequestToken]: ['AWSPENDING'],
        [scene.first]: ['AWSCURRENT'],
      })
      const read = new GetSecretValueCommand({ SecretId: 'db', VersionStage: 'AWSPENDING' })
      await assert.rejects(scene.secrets().send(read), {
        name: 'ResourceNotFoundException',
        message: "Secrets Manager can't find the specified secret value for staging label: AWSPENDING",
      })
    }
    await scene.rotate()
    await scene.pass()
    assert.equal(scene.rotator.events.length, 4)
  })

  test('200 — a secret without a value rotates for the first time', async () => {
    await using scene = await openScene()
    await scene.secrets().send(new CreateSecretCommand({ Name: 'empty' }))
    const { VersionId = '' } = await scene.rotate({ SecretId: 'empty' })
    await scene.pass()
    assert.deepEqual(stages(await scene.describe('empty')), { [VersionId]: ['AWSCURRENT'] })
  })

  test('200 — schedules are echoed with the days they come to, in lists as well', async () => {
    await using scene = await openScene()
    const ScheduleExpression = 'cron(0 8 1 * ? *)'
    await scene.rotate({ RotationRules: { ScheduleExpression, Duration: '2h' } })
    const { RotationRules, NextRotationDate } = await scene.describe()
    assert.deepEqual(RotationRules, { ScheduleExpression, Duration: '2h', AutomaticallyAfterDays: 28 })
    assert.equal(NextRotationDate?.toISOString(), '2026-02-01T09:59:59.000Z')
    const { SecretList } = await scene.secrets().send(new ListSecretsCommand({}))
    assert.deepEqual(SecretList?.[0]?.RotationRules, RotationRules)
    assert.equal(SecretList?.[0]?.RotationEnabled, true)
  })

  test('200 — later calls need no function and no rules', async () => {
    await using scene = await openScene()
    await scene.rotate({ RotationRules: DAILY })
    await scene.pass()
    const { VersionId } = await scene.secrets().send(new RotateSecretCommand({ SecretId: 'db' }))
    await scene.pass()
    const { SecretString } = await scene.secrets().send(new GetSecretValueCommand({ SecretId: 'db' }))
    assert.equal(SecretString, `made for ${VersionId}`)
    assert.deepEqual((await scene.describe()).RotationRules, DAILY)
  })

  test('200 — repeating the call that began a rotation begins no other, and so later', async () => {
    await using scene = await openScene()
    const ClientRequestToken = 'a'.repeat(32)
    await scene.rotate({ ClientRequestToken })
    assert.equal((await scene.rotate({ ClientRequestToken })).VersionId, ClientRequestToken)
    await scene.pass()
    assert.equal((await scene.rotate({ ClientRequestToken })).VersionId, ClientRequestToken)
    await scene.pass()
    assert.equal(scene.rotator.events.length, 4)
  })

  test('200 — AWSPENDING on the current version is in nobody’s way', async () => {
    await using scene = await openScene()
    const move = { SecretId: 'db', VersionStage: 'AWSPENDING', MoveToVersionId: scene.first }
    await scene.secrets().send(new UpdateSecretVersionStageCommand(move))
    const { VersionId = '' } = await scene.rotate()
    await scene.pass()
    assert.deepEqual(stages(await scene.describe()), {
      [VersionId]: ['AWSCURRENT'],
      [scene.first]: ['AWSPREVIOUS'],
    })
  })

  test('200 — RotateImmediately false tests the configuration on a version that is gone afterwards', async () => {
    await using scene = await openScene()
    const { VersionId = '' } = await scene.rotate({ RotateImmediately: false, RotationRules: DAILY })
    assert.deepEqual(stages(await scene.describe()), {
      [VersionId]: ['AWSPENDING'],
      [scene.first]: ['AWSCURRENT'],
    })
    await scene.pass()
    assert.deepEqual(scene.rotator.steps(), ['testSecret'])
    const described = await scene.describe()
    assert.deepEqual(stages(described), { [scene.first]: ['AWSCURRENT'] })
    assert.equal(described.RotationEnabled, true)
    assert.equal(described.LastRotatedDate, undefined)
    assert.deepEqual(
      (await scene.events()).map(([name]) => name),
      ['TestRotationStarted', 'TestRotationSucceeded'],
    )
    const read = new GetSecretValueCommand({ SecretId: 'db', VersionId })
    await assert.rejects(scene.secrets().send(read), { name: 'ResourceNotFoundException' })
  })

  test('200 — a test that fails is over, and leaves the configuration', async () => {
    await using scene = await openScene()
    scene.rotator.faults.set('testSecret', async () => ({ functionError: 'Unhandled' }))
    await scene.rotate({ RotateImmediately: false, RotationRules: DAILY })
    await scene.pass()
    await scene.pass(7200)
    assert.deepEqual(stages(await scene.describe()), { [scene.first]: ['AWSCURRENT'] })
    assert.deepEqual(
      (await scene.events()).map(([name]) => name),
      ['TestRotationStarted', 'TestRotationFailed'],
    )
    assert.equal((await scene.describe()).RotationEnabled, true)
  })

  test('InvalidRequestException — no function', async () => {
    await using scene = await openScene()
    await assert.rejects(scene.rotate({ RotationLambdaARN: undefined, RotationRules: DAILY }), {
      name: 'InvalidRequestException',
      message: 'No Lambda rotation function ARN is associated with this secret.',
    })
    assert.equal((await scene.describe()).RotationRules, undefined)
  })

  for (const [what, policy] of [
    [
      'a policy for another secret',
      { 'aws:SourceArn': 'arn:aws:secretsmanager:us-east-1:111122223333:secret:x-AbCdEf' },
    ],
    ['a policy for another account', { 'aws:SourceAccount': '444455556666' }],
  ] as const) {
    test(`AccessDeniedException — ${what}; nothing is stored`, async () => {
      await using scene = await openScene()
      await putFunction(scene.server, {
        Effect: 'Allow',
        Principal: { Service: 'secretsmanager.amazonaws.com' },
        Action: 'lambda:InvokeFunction',
        Resource: LAMBDA_ARN,
        Condition: { StringEquals: policy },
      })
      await assert.rejects(scene.rotate({ RotationRules: DAILY }), {
        name: 'AccessDeniedException',
        message:
          'Secrets Manager cannot invoke the specified Lambda function. Ensure that the function policy grants access to the principal secretsmanager.amazonaws.com.',
      })
      const described = await scene.describe()
      assert.deepEqual([described.RotationEnabled, described.RotationLambdaARN], [undefined, undefined])
      assert.deepEqual(stages(described), { [scene.first]: ['AWSCURRENT'] })
    })
  }

  test('200 — a policy for this very secret', async () => {
    await using scene = await openScene()
    await putFunction(scene.server, {
      Effect: 'Allow',
      Principal: { Service: 'secretsmanager.amazonaws.com' },
      Action: 'lambda:InvokeFunction',
      Resource: LAMBDA_ARN,
      Condition: { StringEquals: { 'aws:SourceArn': scene.arn } },
    })
    await scene.rotate()
    await scene.pass()
    assert.equal(scene.rotator.events.length, 4)
  })

  test('AccessDeniedException — a function that does not exist, or no ARN of one', async () => {
    await using scene = await openScene()
    for (const RotationLambdaARN of [`${LAMBDA_ARN}2`, 'rotator']) {
      await assert.rejects(scene.rotate({ RotationLambdaARN }), {
        name: 'AccessDeniedException',
        message: /^Secrets Manager cannot invoke/,
      })
    }
  })

  test('InvalidRequestException — a rotation is under way', async () => {
    await using scene = await openScene()
    let tried = 0
    scene.rotator.meanwhile = async () => {
      tried++
      await assert.rejects(scene.rotate(), {
        name: 'InvalidRequestException',
        message: "A previous rotation isn't complete. That rotation will be reattempted.",
      })
    }
    await scene.rotate()
    await scene.pass()
    assert.equal(tried, 4)
    assert.equal(scene.rotator.events.length, 4)
  })

  test('200 — AWSPENDING was taken off a rotation that waits for its next attempt, which is abandoned for this one', async () => {
    await using scene = await openScene()
    for (const attempts of [1, 5]) {
      scene.rotator.faults.set('setSecret', async () => threw('E'))
      const { VersionId: RemoveFromVersionId = '' } = await scene.rotate()
      for (const minutes of [0, 1, 5, 15, 60].slice(0, attempts)) await scene.pass(minutes * 60)
      const remove = { SecretId: 'db', VersionStage: 'AWSPENDING', RemoveFromVersionId }
      await scene.secrets().send(new UpdateSecretVersionStageCommand(remove))
      scene.rotator.faults.clear()
      const { VersionId = '' } = await scene.rotate()
      assert.notEqual(VersionId, RemoveFromVersionId)
      await scene.pass()
      assert.deepEqual(stages(await scene.describe())[VersionId], ['AWSCURRENT'])
      const last = (await scene.events()).slice(-3).map(([name, { VersionId: of }]) => [name, of])
      assert.deepEqual(last, [
        ['RotationAbandoned', RemoveFromVersionId],
        ['RotationStarted', VersionId],
        ['RotationSucceeded', VersionId],
      ])
    }
  })

  test('InvalidRequestException — AWSPENDING was taken off while a step is under way', async () => {
    await using scene = await openScene()
    let refused: unknown
    scene.rotator.meanwhile = async ({ Step, ClientRequestToken: RemoveFromVersionId }) => {
      if (Step !== 'setSecret') return
      const remove = { SecretId: 'db', VersionStage: 'AWSPENDING', RemoveFromVersionId }
      await scene.secrets().send(new UpdateSecretVersionStageCommand(remove))
      refused = await scene.rotate().catch((error: unknown) => error)
    }
    await scene.rotate()
    await scene.pass()
    assert.match(String(refused), /A previous rotation isn't complete/)
  })

  test('InvalidRequestException — AWSPENDING is on a version that is not current', async () => {
    await using scene = await openScene()
    const put = { SecretId: 'db', SecretString: 'two', VersionStages: ['AWSPENDING'] }
    await scene.secrets().send(new PutSecretValueCommand(put))
    await assert.rejects(scene.rotate({ RotationRules: DAILY }), {
      name: 'InvalidRequestException',
      message: /^A previous rotation/,
    })
    assert.equal((await scene.describe()).RotationEnabled, undefined)
  })

  const refusals: readonly (readonly [object, string])[] = [
    [
      { AutomaticallyAfterDays: 1, ScheduleExpression: 'rate(1 day)' },
      'You cannot specify both rotation frequency and schedule expression together.',
    ],
    [{ ScheduleExpression: 'cron(5 8 * * ? *)' }, 'Invalid schedule expression.'],
    [{ ScheduleExpression: 'rate(3 hours)' }, 'Rate in hour should be least 4 and less than 24.'],
    [{ ScheduleExpression: 'rate(1000 days)' }, 'Rate in day should be greater than 0 and less than 1000.'],
    [{ AutomaticallyAfterDays: 1, Duration: '25h' }, 'Duration must be at least 1 hour, at most 24 hour.'],
    [
      { ScheduleExpression: 'rate(4 hours)', Duration: '5h' },
      'Duration cannot be greater than Rate in hour.',
    ],
    [
      { ScheduleExpression: 'cron(0 20 * * ? *)', Duration: '5h' },
      'Starting hour and duration must be within a day.',
    ],
    [
      { Duration: '5h' },
      'You must specify either AutomaticallyAfterDays or ScheduleExpression in RotationRules.',
    ],
  ]
  test('InvalidParameterException — rules that cannot be, each with its sentence; nothing is stored', async () => {
    await using scene = await openScene()
    for (const [RotationRules, message] of refusals) {
      await assert.rejects(scene.rotate({ RotationRules }), { name: 'InvalidParameterException', message })
    }
    assert.equal((await scene.describe()).RotationEnabled, undefined)
  })

  test('InvalidParameterException — members of secrets that partners manage', async () => {
    await using scene = await openScene()
    const ExternalSecretRotationMetadata = [{ Key: 'a', Value: 'b' }]
    await assert.rejects(scene.rotate({ ExternalSecretRotationMetadata }), {
      name: 'InvalidParameterException',
    })
  })

  test('InvalidParameterException — no token, over plain HTTP, said even of a secret that is not there', async () => {
    await using scene = await openScene()
    const secrets = withoutClientRequestToken(scene.secrets())
    await assert.rejects(secrets.send(new RotateSecretCommand({ SecretId: 'nope' })), {
      name: 'InvalidParameterException',
      message: 'You must provide a ClientRequestToken value. We recommend a UUID-type value.',
    })
  })

  test('InvalidRequestException — the secret is being deleted', async () => {
    await using scene = await openScene()
    await scene.secrets().send(new DeleteSecretCommand({ SecretId: 'db' }))
    await assert.rejects(scene.rotate(), {
      name: 'InvalidRequestException',
      message: "You can't perform this operation on the secret because it was marked for deletion.",
    })
  })

  test('AccessDeniedException — the caller may not invoke the function, whether it exists or not', async () => {
    await using scene = await openScene()
    const user = await scene.server.user({ Effect: 'Allow', Action: 'secretsmanager:*', Resource: '*' })
    const secrets = scene.server.sdk(SecretsManagerClient, user)
    for (const RotationLambdaARN of [LAMBDA_ARN, `${LAMBDA_ARN}2`]) {
      await assert.rejects(secrets.send(new RotateSecretCommand({ SecretId: 'db', RotationLambdaARN })), {
        name: 'AccessDeniedException',
        message: `User: ${user.arn} is not authorized to perform: lambda:InvokeFunction on resource: ${RotationLambdaARN} because no identity-based policy allows the lambda:InvokeFunction action`,
      })
    }
  })

  test('AccessDeniedException — policies decide by function, immediacy and whether rules change', async () => {
    await using scene = await openScene()
    const may = { Effect: 'Allow', Action: ['secretsmanager:*', 'lambda:InvokeFunction'], Resource: '*' }
    for (const [Condition, input, refused] of [
      [{ StringNotEquals: { 'secretsmanager:RotationLambdaARN': LAMBDA_ARN } }, {}, false],
      [{ StringEquals: { 'secretsmanager:RotationLambdaARN': LAMBDA_ARN } }, {}, true],
      [{ Bool: { 'secretsmanager:RotateImmediately': 'false' } }, { RotateImmediately: false }, true],
      [{ Bool: { 'secretsmanager:RotateImmediately': 'false' } }, {}, false],
      [{ Bool: { 'secretsmanager:ModifyRotationRules': 'true' } }, { RotationRules: DAILY }, true],
      [{ Bool: { 'secretsmanager:ModifyRotationRules': 'true' } }, {}, false],
    ] as const) {
      const user = await scene.server.user(may, {
        Effect: 'Deny',
        Action: 'secretsmanager:RotateSecret',
        Resource: '*',
        Condition,
      })
      const secrets = scene.server.sdk(SecretsManagerClient, user)
      const call = secrets.send(
        new RotateSecretCommand({ SecretId: 'db', RotationLambdaARN: LAMBDA_ARN, ...input }),
      )
      if (refused) await assert.rejects(call, { name: 'AccessDeniedException' }, JSON.stringify(Condition))
      else await call
      await scene.pass()
    }
  })

  test('neither tokens nor what a handler says are on the trail', async () => {
    const rotator = new Rotator()
    await using scene = await openScene(rotator)
    rotator.faults.set('testSecret', async () => ({
      functionError: 'Unhandled',
      payload: new TextEncoder().encode('{"errorType":"hunter2 hunter2","errorMessage":"hunter2"}'),
    }))
    await scene.rotate()
    await scene.pass()
    const trail = JSON.stringify(await scene.server.trail())
    for (const { RotationToken } of rotator.events) assert.ok(!trail.includes(RotationToken))
    assert.ok(!trail.includes('hunter2'))
    assert.ok(!trail.includes('made for'))
  })
})
