import assert from 'node:assert/strict'
import { test } from 'node:test'
import { inspect } from 'node:util'
import {
  DescribeSecretCommand,
  type DescribeSecretResponse,
  SecretsManagerClient,
} from '@aws-sdk/client-secrets-manager'
import { RotationError } from './rotation-error.ts'
import { type Handler, handlerOf, type RotationRun, type Rotator, STEPS, stateOf } from './rotator.ts'

const TOKEN = 'b9a3c5d2-0000-4000-8000-000000000001'
const ARN = 'arn:aws:secretsmanager:us-east-1:111122223333:secret:db-AbCdEf'

/** A client that only ever describes the secret like this. */
function describing(described: DescribeSecretResponse): SecretsManagerClient {
  const send = async (command: unknown) => {
    assert.ok(command instanceof DescribeSecretCommand, 'the handler itself asks for nothing else')
    return described
  }
  return Object.assign(Object.create(SecretsManagerClient.prototype), { send })
}

interface Observed {
  readonly handler: Handler
  readonly calls: [string, RotationRun][]
  readonly lines: string[]
}

function observed(described: DescribeSecretResponse, fail?: () => Promise<void>): Observed {
  const calls: [string, RotationRun][] = []
  const lines: string[] = []
  const step = (name: string) => async (run: RotationRun) => {
    calls.push([name, run])
    await fail?.()
  }
  const rotator: Rotator = {
    createSecret: step('createSecret'),
    setSecret: step('setSecret'),
    testSecret: step('testSecret'),
    finishSecret: step('finishSecret'),
  }
  const handler = handlerOf(rotator, {
    connect: () => describing(described),
    log: (line) => lines.push(JSON.stringify(line)),
  })
  return { handler, calls, lines }
}

const rotating = (stages: string[]): DescribeSecretResponse => ({
  RotationEnabled: true,
  VersionIdsToStages: { old: ['AWSCURRENT'], [TOKEN]: stages },
})
const event = (Step: string, more: object = {}) => ({
  Step,
  SecretId: ARN,
  ClientRequestToken: TOKEN,
  ...more,
})

test('each step of a rotation in progress reaches the rotator, with what the event says', async () => {
  const { handler, calls } = observed(rotating(['AWSPENDING']))
  for (const step of STEPS) await handler(event(step, { RotationToken: 't'.repeat(36) }))
  assert.deepEqual(
    calls.map(([name]) => name),
    [...STEPS],
  )
  for (const [, run] of calls) {
    assert.equal(run.secretArn, ARN)
    assert.equal(run.clientRequestToken, TOKEN)
    assert.equal(run.rotationToken?.reveal(), 't'.repeat(36))
  }
})

test('a version that is AWSCURRENT already is left alone, but for what finishSecret cleans up', async () => {
  for (const stages of [['AWSCURRENT'], ['AWSCURRENT', 'AWSPENDING']]) {
    const { handler, calls } = observed(rotating(stages))
    for (const step of STEPS) await handler(event(step))
    assert.deepEqual(
      calls.map(([name]) => name),
      ['finishSecret'],
    )
  }
})

test('no step runs for a secret whose rotation is off, or for a version that is not being made', async () => {
  const refused: readonly [DescribeSecretResponse, RegExp][] = [
    [{ ...rotating(['AWSPENDING']), RotationEnabled: false }, /not enabled for rotation/],
    [{ VersionIdsToStages: { [TOKEN]: ['AWSPENDING'] } }, /not enabled for rotation/],
    [{ RotationEnabled: true }, /no version of this ClientRequestToken/],
    [{ RotationEnabled: true, VersionIdsToStages: { old: ['AWSPENDING'] } }, /no version of this/],
    [rotating(['AWSPREVIOUS']), /is not AWSPENDING/],
    [rotating([]), /is not AWSPENDING/],
  ]
  for (const [described, words] of refused) {
    const { handler, calls } = observed(described)
    for (const step of STEPS) await assert.rejects(handler(event(step)), words)
    assert.deepEqual(calls, [])
  }
})

test('a version id that every object has a member of is no version', () => {
  const stages = new Map(Object.entries({ old: ['AWSCURRENT'] }))
  const versions = { rotationEnabled: true, tags: new Map(), stages }
  assert.throws(() => stateOf(versions, 'constructor'), /no version of this ClientRequestToken/)
})

test('an event that lacks a member or names another step is refused before anything is asked', async () => {
  const { handler, calls } = observed(rotating(['AWSPENDING']))
  const events: readonly [unknown, RegExp][] = [
    [undefined, /no Step/],
    ['createSecret', /no Step/],
    [{ ...event('createSecret'), SecretId: 7 }, /no SecretId/],
    [{ ...event('createSecret'), ClientRequestToken: '' }, /no ClientRequestToken/],
    [{ ...event('createSecret'), RotationToken: 7 }, /no RotationToken/],
    [event('create_secret'), /none of createSecret, setSecret, testSecret, finishSecret/],
    [event('constructor'), /none of createSecret/],
    [event('toString'), /none of createSecret/],
  ]
  for (const [wrong, words] of events) await assert.rejects(handler(wrong), words)
  assert.deepEqual(calls, [])
})

test('an error that nobody put into words leaves without its message, its cause and its stack', async () => {
  const needle = 'hunter2-in-a-statement'
  const errors = [
    Object.assign(new Error(`syntax error at ${needle}`), { code: '42601', query: needle, detail: needle }),
    new Error('outer', { cause: new Error(needle) }),
    Object.assign(new TypeError(needle), { code: needle }),
    needle,
  ]
  for (const error of errors) {
    const { handler, lines } = observed(rotating(['AWSPENDING']), () => Promise.reject(error))
    const thrown: unknown = await handler(event('setSecret')).catch((caught: unknown) => caught)
    assert.ok(thrown instanceof RotationError)
    assert.match(thrown.message, /^setSecret failed unexpectedly: /)
    const everything = `${inspect(thrown, { depth: 9, showHidden: true })}${thrown.stack}${lines.join()}`
    assert.ok(!everything.includes(needle), everything)
  }
})

test('the RotationToken is in no line of the log and in nothing that is printed of the run', async () => {
  const token = 'rotation-token-0123456789-0123456789'
  const { handler, calls, lines } = observed(rotating(['AWSPENDING']))
  await handler(event('createSecret', { RotationToken: token }))
  const [call] = calls
  assert.ok(call)
  const { rotationToken } = call[1]
  const printed = `${inspect(rotationToken, { showHidden: true })}${JSON.stringify({ rotationToken })}${rotationToken}`
  assert.ok(!`${printed}${lines.join()}`.includes(token))
  assert.deepEqual(lines, [
    JSON.stringify({ event: 'rotation.step.done', step: 'createSecret', secretArn: ARN, versionId: TOKEN }),
  ])
})
