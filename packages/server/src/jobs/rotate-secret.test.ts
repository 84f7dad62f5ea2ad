import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import {
  DeleteSecretCommand,
  GetSecretValueCommand,
  PutSecretValueCommand,
  RestoreSecretCommand,
  UpdateSecretCommand,
  UpdateSecretVersionStageCommand,
} from '@aws-sdk/client-secrets-manager'
import type { Functions } from '../functions/functions.ts'
import { systemRandom } from '../platform/random.ts'
import { LAMBDA_ARN, openScene, PLACE, putFunction, stages, threw } from '../rotation/scene.test-support.ts'
import { ROTATE_SECRET } from '../store/secrets.ts'
import { NO_CHANNELS } from '../testing/no-channels.ts'
import { ClaimLost } from './job.ts'
import { rotateSecret } from './rotate-secret.ts'

const MINUTE = 60
const HOUR = 60 * MINUTE
const DAY = 24 * HOUR
const DAILY = { AutomaticallyAfterDays: 1 }

type Scene = Awaited<ReturnType<typeof openScene>>

/** A secret whose rotation stands at `step`, failed once. */
async function failedAt(scene: Scene, step: 'createSecret' | 'setSecret' | 'testSecret' | 'finishSecret') {
  scene.rotator.faults.set(step, async () => threw('RefusedError'))
  const { VersionId = '' } = await scene.rotate()
  await scene.pass()
  return VersionId
}

describe('a rotation whose function fails', () => {
  test('leaves AWSCURRENT alone, keeps AWSPENDING, says so, and goes on with the step that failed', async () => {
    await using scene = await openScene()
    const id = await failedAt(scene, 'testSecret')
    assert.deepEqual(stages(await scene.describe()), { [id]: ['AWSPENDING'], [scene.first]: ['AWSCURRENT'] })
    const failed = (await scene.events()).at(-1)
    assert.deepEqual(failed, [
      'RotationFailed',
      {
        SecretId: scene.arn,
        VersionId: id,
        Step: 'testSecret',
        Attempt: 1,
        Reason: 'Threw',
        ErrorType: 'RefusedError',
        NextAttemptAt: '2026-01-15T10:01:00.000Z',
      },
    ])
    scene.rotator.faults.clear()
    await scene.pass(MINUTE)
    assert.deepEqual(scene.rotator.steps(), [
      'createSecret',
      'setSecret',
      'testSecret',
      'testSecret',
      'finishSecret',
    ])
    assert.deepEqual(stages(await scene.describe()), { [id]: ['AWSCURRENT'], [scene.first]: ['AWSPREVIOUS'] })
    assert.deepEqual(
      (await scene.events()).map(([name]) => name),
      ['RotationStarted', 'RotationFailed', 'RotationSucceeded'],
    )
  })

  test('is tried five times and then given up, until RotateSecret takes it up at the same step', async () => {
    await using scene = await openScene()
    const id = await failedAt(scene, 'setSecret')
    for (const minutes of [1, 5, 15, 60, 600, 6000]) await scene.pass(minutes * MINUTE)
    assert.deepEqual(scene.rotator.steps(), ['createSecret', ...Array<string>(5).fill('setSecret')])
    const last = (await scene.events()).at(-1)
    assert.equal(last?.[1].Attempt, 5)
    assert.equal(last?.[1].NextAttemptAt, undefined)
    assert.deepEqual(stages(await scene.describe()), { [id]: ['AWSPENDING'], [scene.first]: ['AWSCURRENT'] })
    scene.rotator.faults.clear()
    assert.equal((await scene.rotate()).VersionId, id)
    await scene.pass()
    assert.deepEqual(scene.rotator.steps().slice(6), ['setSecret', 'testSecret', 'finishSecret'])
    assert.deepEqual(stages(await scene.describe()), { [id]: ['AWSCURRENT'], [scene.first]: ['AWSPREVIOUS'] })
  })

  test('is taken up by the next window with the same version', async () => {
    await using scene = await openScene()
    scene.rotator.faults.set('setSecret', async () => threw('E'))
    const { VersionId = '' } = await scene.rotate({ RotationRules: { AutomaticallyAfterDays: 3 } })
    for (const minutes of [0, 1, 5, 15, 60]) await scene.pass(minutes * MINUTE)
    scene.rotator.faults.clear()
    await scene.pass(3 * DAY)
    assert.deepEqual(stages(await scene.describe()), {
      [VersionId]: ['AWSCURRENT'],
      [scene.first]: ['AWSPREVIOUS'],
    })
  })

  test('promises its next rotation in the past once windows went by without one', async () => {
    await using scene = await openScene()
    await scene.rotate({ RotationRules: DAILY })
    await scene.pass()
    scene.rotator.faults.set('createSecret', async () => threw('E'))
    for (let hour = 0; hour < 72; hour++) await scene.pass(HOUR)
    const { NextRotationDate, LastRotatedDate } = await scene.describe()
    assert.equal(NextRotationDate?.toISOString(), '2026-01-16T23:59:59.000Z')
    assert.equal(LastRotatedDate?.toISOString(), '2026-01-15T10:00:00.000Z')
  })

  const outcomes = [
    ['Sandbox.Timedout', 'TimedOut', undefined],
    ['Runtime.ExitError', 'Exited', undefined],
    ['ValueError', 'Threw', 'ValueError'],
    ['my password is hunter2', 'Threw', undefined],
  ] as const
  for (const [errorType, reason, told] of outcomes) {
    test(`is told as ${reason} for ${errorType}`, async () => {
      await using scene = await openScene()
      scene.rotator.faults.set('createSecret', async () => threw(errorType))
      await scene.rotate()
      await scene.pass()
      const [, data] = (await scene.events()).at(-1) ?? []
      assert.deepEqual([data?.Reason, data?.ErrorType], [reason, told])
    })
  }

  test('fails where finishSecret answers well and AWSCURRENT did not move', async () => {
    await using scene = await openScene()
    scene.rotator.faults.set('finishSecret', async () => ({}))
    const { VersionId = '' } = await scene.rotate()
    await scene.pass()
    assert.equal((await scene.events()).at(-1)?.[1].Reason, 'CurrentNotMoved')
    assert.deepEqual(stages(await scene.describe()), {
      [VersionId]: ['AWSPENDING'],
      [scene.first]: ['AWSCURRENT'],
    })
  })

  test('fails before the step where the permission to invoke was taken back', async () => {
    await using scene = await openScene()
    scene.rotator.meanwhile = async ({ Step }) => {
      if (Step === 'setSecret') await putFunction(scene.server, { ...DENY })
    }
    await scene.rotate()
    await scene.pass()
    assert.deepEqual(scene.rotator.steps(), ['createSecret', 'setSecret'])
    const [, data] = (await scene.events()).at(-1) ?? []
    assert.deepEqual([data?.Reason, data?.Step], ['NotInvocable', 'testSecret'])
  })
})

const DENY = {
  Effect: 'Deny',
  Principal: { Service: 'secretsmanager.amazonaws.com' },
  Action: 'lambda:InvokeFunction',
  Resource: LAMBDA_ARN,
}

describe('a rotation that others interfere with', () => {
  test('ends where AWSPENDING was moved away, and is told as abandoned', async () => {
    await using scene = await openScene()
    scene.rotator.meanwhile = async ({ Step, ClientRequestToken }) => {
      if (Step !== 'setSecret') return
      const remove = { SecretId: 'db', VersionStage: 'AWSPENDING', RemoveFromVersionId: ClientRequestToken }
      await scene.secrets().send(new UpdateSecretVersionStageCommand(remove))
    }
    await scene.rotate()
    await scene.pass()
    await scene.pass(DAY)
    assert.deepEqual(scene.rotator.steps(), ['createSecret', 'setSecret'])
    assert.equal((await scene.events()).at(-1)?.[0], 'RotationAbandoned')
    assert.deepEqual(stages(await scene.describe()), { [scene.first]: ['AWSCURRENT'] })
  })

  for (const [what, change] of [
    ['PutSecretValue', (SecretId: string) => new PutSecretValueCommand({ SecretId, SecretString: 'mine' })],
    ['UpdateSecret', (SecretId: string) => new UpdateSecretCommand({ SecretId, SecretString: 'mine' })],
  ] as const) {
    test(`is abandoned in favour of a value that ${what} brings`, async () => {
      await using scene = await openScene()
      const pending = await failedAt(scene, 'setSecret')
      await scene.secrets().send(change('db') as PutSecretValueCommand)
      const held = stages(await scene.describe())
      assert.equal(held[pending], undefined)
      assert.deepEqual(held[scene.first], ['AWSPREVIOUS'])
      assert.equal((await scene.events()).at(-1)?.[0], 'RotationAbandoned')
      scene.rotator.faults.clear()
      await scene.pass(DAY)
      const { SecretString } = await scene.secrets().send(new GetSecretValueCommand({ SecretId: 'db' }))
      assert.equal(SecretString, 'mine')
      await scene.rotate()
      await scene.pass()
      assert.equal((await scene.events()).at(-1)?.[0], 'RotationSucceeded')
    })
  }

  test('stands still while the secret waits for its deletion, and goes on when it is restored', async () => {
    await using scene = await openScene()
    const id = await failedAt(scene, 'setSecret')
    scene.rotator.faults.clear()
    await scene.secrets().send(new DeleteSecretCommand({ SecretId: 'db' }))
    await scene.pass(HOUR)
    assert.deepEqual(scene.rotator.steps(), ['createSecret', 'setSecret'])
    await scene.secrets().send(new RestoreSecretCommand({ SecretId: 'db' }))
    await scene.pass()
    assert.deepEqual(stages(await scene.describe()), { [id]: ['AWSCURRENT'], [scene.first]: ['AWSPREVIOUS'] })
  })

  test('ends with the secret', async () => {
    await using scene = await openScene()
    scene.rotator.meanwhile = async ({ Step }) => {
      if (Step !== 'setSecret') return
      const remove = { SecretId: 'db', ForceDeleteWithoutRecovery: true }
      await scene.secrets().send(new DeleteSecretCommand(remove))
    }
    await scene.rotate({ RotationRules: DAILY })
    await scene.pass()
    await scene.pass(3 * DAY)
    assert.deepEqual(scene.rotator.steps(), ['createSecret', 'setSecret'])
    const { jobs } = scene.server.house.store.read
    assert.equal(await jobs.nextAt([ROTATE_SECRET, 'start-rotation']), undefined)
  })
})

describe('the RotationToken', () => {
  test('is another for each step, and one of an earlier step writes nothing', async () => {
    await using scene = await openScene()
    const old: unknown[] = []
    scene.rotator.meanwhile = async ({ Step, ClientRequestToken }) => {
      if (Step !== 'setSecret') return
      const RotationToken = scene.rotator.events[0]?.RotationToken
      const put = { SecretId: 'db', ClientRequestToken, SecretString: 'late', RotationToken }
      await assert.rejects(scene.secrets().send(new PutSecretValueCommand(put)), {
        name: 'InvalidParameterException',
        message: 'The RotationToken is not that of a rotation of this secret that is in progress.',
      })
      old.push(RotationToken)
    }
    await scene.rotate()
    await scene.pass()
    assert.equal(old.length, 1)
    assert.equal(new Set(scene.rotator.events.map(({ RotationToken }) => RotationToken)).size, 4)
  })

  test('is good for the version of its rotation alone, and for no secret without one', async () => {
    await using scene = await openScene()
    let tried = 0
    scene.rotator.meanwhile = async ({ RotationToken }) => {
      tried++
      const put = { SecretId: 'db', SecretString: 'other', VersionStages: ['x'], RotationToken }
      await assert.rejects(scene.secrets().send(new PutSecretValueCommand(put)), {
        name: 'InvalidParameterException',
      })
    }
    await scene.rotate()
    await scene.pass()
    assert.equal(tried, 4)
    const { RotationToken, ClientRequestToken } = scene.rotator.events[0] ?? assert.fail()
    const put = { SecretId: 'db', SecretString: 'other', RotationToken, ClientRequestToken }
    await assert.rejects(scene.secrets().send(new PutSecretValueCommand(put)), {
      name: 'InvalidParameterException',
    })
  })

  test('the function’s role may change no other secret meanwhile', async () => {
    await using scene = await openScene()
    await scene.rotate()
    await scene.pass()
    const { sessionPolicy = '' } = scene.rotator.invocations[0] ?? {}
    const { Statement } = JSON.parse(sessionPolicy) as {
      Statement: { Effect: string; NotResource?: string }[]
    }
    assert.deepEqual(
      Statement.map(({ Effect, NotResource }) => [Effect, NotResource]),
      [
        ['Allow', undefined],
        ['Deny', scene.arn],
      ],
    )
  })
})

describe('a schedule', () => {
  test('rotates in its window and not before, once for each', async () => {
    await using scene = await openScene()
    await scene.rotate({
      RotateImmediately: false,
      RotationRules: { ScheduleExpression: 'cron(0 12 * * ? *)', Duration: '2h' },
    })
    await scene.pass()
    assert.deepEqual(scene.rotator.steps(), ['testSecret'])
    await scene.pass(2 * HOUR - 1)
    assert.equal(scene.rotator.events.length, 1)
    await scene.pass(HOUR + 1)
    assert.equal(scene.rotator.events.length, 5)
    const { LastRotatedDate, NextRotationDate } = await scene.describe()
    assert.ok(LastRotatedDate && LastRotatedDate < new Date('2026-01-15T14:00:00Z'))
    assert.equal(NextRotationDate?.toISOString(), '2026-01-16T13:59:59.000Z')
    await scene.pass(20 * HOUR)
    assert.equal(scene.rotator.events.length, 5)
    await scene.pass(4 * HOUR)
    assert.equal(scene.rotator.events.length, 9)
  })

  test('makes no up for a window that went by while no server ran, but for days since the last rotation', async () => {
    await using scene = await openScene()
    await scene.rotate({ RotationRules: { ScheduleExpression: 'cron(0 12 * * ? *)', Duration: '2h' } })
    await scene.pass()
    await scene.pass(5 * HOUR)
    assert.equal(scene.rotator.events.length, 4)
    await scene.pass(21 * HOUR + HOUR)
    assert.equal(scene.rotator.events.length, 8)

    await scene.rotate({ RotationRules: { AutomaticallyAfterDays: 2 } })
    await scene.pass()
    await scene.pass(10 * DAY)
    // The window of the day that everything is back on is open already.
    await scene.pass(HOUR)
    assert.equal(scene.rotator.events.length, 16)
  })

  test('counts days from a value that somebody brought', async () => {
    await using scene = await openScene()
    await scene.rotate({ RotationRules: { AutomaticallyAfterDays: 2 } })
    await scene.pass()
    await scene.pass(DAY)
    await scene.secrets().send(new PutSecretValueCommand({ SecretId: 'db', SecretString: 'mine' }))
    assert.equal((await scene.describe()).NextRotationDate?.toISOString(), '2026-01-18T23:59:59.000Z')
    await scene.pass(DAY + 12 * HOUR)
    assert.equal(scene.rotator.events.length, 4)
    await scene.pass(4 * HOUR)
    assert.equal(scene.rotator.events.length, 8)
  })

  test('waits with a window’s rotation for a test of the configuration', async () => {
    await using scene = await openScene()
    await scene.rotate({
      RotateImmediately: false,
      RotationRules: { ScheduleExpression: 'cron(0 12 * * ? *)' },
    })
    const { clock, house } = scene.server
    // A server died with the test, and the window opens while nobody has it.
    const claim = {
      claimant: 'dead',
      now: clock.now(),
      leaseMs: 4 * HOUR * 1000,
      kinds: [ROTATE_SECRET],
      limit: 1,
    }
    await house.store.write((tx) => tx.jobs.claimDue(claim))
    await scene.pass(3.5 * HOUR)
    assert.equal(scene.rotator.events.length, 0)
    await scene.pass(HOUR)
    await scene.pass(MINUTE)
    assert.deepEqual(scene.rotator.steps(), [
      'testSecret',
      'createSecret',
      'setSecret',
      'testSecret',
      'finishSecret',
    ])
  })

  test('leaves alone what somebody else marked as pending, and says so', async () => {
    await using scene = await openScene()
    await scene.rotate({ RotationRules: DAILY })
    await scene.pass()
    const put = { SecretId: 'db', SecretString: 'mine', VersionStages: ['AWSPENDING'] }
    await scene.secrets().send(new PutSecretValueCommand(put))
    await scene.pass(DAY)
    assert.equal(scene.rotator.events.length, 4)
    assert.deepEqual((await scene.events()).at(-1), [
      'RotationFailed',
      { SecretId: scene.arn, Reason: 'PendingElsewhere' },
    ])
  })
})

/** A server that claims the rotation for itself, runs it with these functions, and may never come back. */
async function claimAndRun(scene: Scene, claimant: string, functions: Functions): Promise<void> {
  const { house, clock } = scene.server
  const claim = { claimant, now: clock.now(), leaseMs: 60_000, kinds: [ROTATE_SECRET], limit: 1 }
  const [job] = await house.store.write((tx) => tx.jobs.claimDue(claim))
  assert.ok(job)
  await rotateSecret(job, {
    ...{
      store: house.store,
      keyring: house.keyring,
      clock,
      random: systemRandom,
      functions,
      channels: NO_CHANNELS,
      bus: house.bus,
      metrics: scene.server.metrics,
    },
  })
}

test('an attempt that dies with its server counts, and five of them are the end', async () => {
  await using scene = await openScene()
  await scene.stopScheduler()
  const { house, clock } = scene.server
  await scene.rotate()
  // Each claim reaches the first step and never comes back, as with kill -9.
  const { promise: never } = Promise.withResolvers<never>()
  for (let attempt = 1; attempt <= 5; attempt++) {
    void claimAndRun(scene, `${attempt}`, { invoke: () => never })
    while ((await house.store.read.secrets.byArn(PLACE, scene.arn))?.rotation?.run?.attempts !== attempt) {
      await new Promise(setImmediate)
    }
    clock.advance(61)
  }
  await claimAndRun(scene, 'last', scene.rotator)
  assert.equal(scene.rotator.events.length, 0)
  assert.equal((await scene.events()).at(-1)?.[1].Reason, 'Interrupted')
  assert.equal((await scene.events()).at(-1)?.[1].NextAttemptAt, undefined)
})

test('a server whose lease was over while a step ran asks for no further one', async () => {
  await using scene = await openScene()
  await scene.stopScheduler()
  await scene.rotate()
  const slow = Promise.withResolvers<void>()
  const next = Promise.withResolvers<void>()
  const asked: string[] = []
  const waiting = (name: string, until: Promise<void>): Functions => ({
    async invoke(invocation) {
      asked.push(name)
      await until
      return scene.rotator.invoke(invocation)
    },
  })
  const first = claimAndRun(scene, 'first', waiting('first', slow.promise))
  while (asked.length < 1) await new Promise(setImmediate)
  scene.server.clock.advance(61)
  const second = claimAndRun(scene, 'second', waiting('second', next.promise))
  while (asked.length < 2) await new Promise(setImmediate)
  slow.resolve()
  await assert.rejects(first, ClaimLost)
  assert.deepEqual(asked, ['first', 'second'])
  next.resolve()
  await second
  assert.deepEqual(asked, ['first', ...Array<string>(4).fill('second')])
  assert.equal((await scene.events()).at(-1)?.[0], 'RotationSucceeded')
})
