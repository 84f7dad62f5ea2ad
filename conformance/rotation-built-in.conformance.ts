/** The built-in random password and rotation's schedules through the real `aws` command. */
import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, describe } from 'node:test'
import {
  CreateSecretCommand,
  DescribeSecretCommand,
  type DescribeSecretResponse,
  GetSecretValueCommand,
  RotateSecretCommand,
  SecretsManagerClient,
} from '@aws-sdk/client-secrets-manager'
import { AwsCli } from './aws-cli.ts'
import { needing } from './components.ts'
import { newGatedFunction, newRotationRole } from './rotation-functions.ts'
import { RotationSite, until } from './rotation-site.ts'
import { type Caller, callerOf, sdk } from './sdk.ts'
import { clockBy, Scratch, Server } from './server.ts'

const HOUR_MS = 3_600_000
const DAY_MS = 24 * HOUR_MS
const PARAMETER = 'InvalidParameterException'
const EXPRESSION = 'Invalid schedule expression.'

/** Rules that there cannot be, and what AWS says of them. */
const REFUSED: readonly (readonly [object, string])[] = [
  [{ ScheduleExpression: 'rate(3 hours)' }, 'Rate in hour should be least 4 and less than 24.'],
  [{ ScheduleExpression: 'rate(24 hours)' }, 'Rate in hour should be least 4 and less than 24.'],
  [{ ScheduleExpression: 'rate(1000 days)' }, 'Rate in day should be greater than 0 and less than 1000.'],
  [{ ScheduleExpression: 'rate(10 minutes)' }, EXPRESSION],
  [{ ScheduleExpression: 'cron(30 8 * * ? *)' }, EXPRESSION],
  [{ ScheduleExpression: 'cron(0 8 * * ? 2030)' }, EXPRESSION],
  [{ ScheduleExpression: 'every day' }, EXPRESSION],
  [
    { ScheduleExpression: 'cron(0 22 * * ? *)', Duration: '3h' },
    'Starting hour and duration must be within a day.',
  ],
  [{ ScheduleExpression: 'rate(4 hours)', Duration: '5h' }, 'Duration cannot be greater than Rate in hour.'],
  [
    { ScheduleExpression: 'rate(4 hours)', Duration: '25h' },
    'Duration must be at least 1 hour, at most 24 hour.',
  ],
  [
    { ScheduleExpression: 'rate(10 days)', AutomaticallyAfterDays: 10 },
    'You cannot specify both rotation frequency and schedule expression together.',
  ],
  [
    { Duration: '2h' },
    'You must specify either AutomaticallyAfterDays or ScheduleExpression in RotationRules.',
  ],
]

interface Described {
  readonly RotationRules?: object
  readonly LastRotatedDate?: number
  readonly NextRotationDate?: number
}

describe('rotation by the aws command', { concurrency: 2 }, () => {
  const hooks = needing('aws-cli')
  const { test, before } = hooks
  const scratch = new Scratch()
  const clock = join(scratch.path, 'clock-ahead-ms')
  let server: Server
  let caller: Caller
  let aws: AwsCli
  before(async () => {
    writeFileSync(clock, '0')
    server = await Server.start()
    const administrator = await server.administrator()
    caller = callerOf(administrator)
    aws = new AwsCli(administrator)
  })
  after(async () => {
    await server?.[Symbol.asyncDispose]()
    scratch[Symbol.dispose]()
  })

  async function newSecret(SecretString: string): Promise<string> {
    const command = new CreateSecretCommand({ Name: randomUUID(), SecretString })
    return (await sdk(SecretsManagerClient, caller).send(command)).ARN ?? ''
  }

  function randomPassword(secretArn: string): string {
    const [, partition, , region, account] = secretArn.split(':')
    return `arn:${partition}:lambda:${region}:${account}:function:lockstep-rotate-random-password`
  }

  function describeSecret(arn: string): Promise<Described> {
    return aws.run<Described>('secretsmanager describe-secret', { 'secret-id': arn })
  }

  for (const [what, first, expected] of [
    ['a plain string becomes the password', 'old', /^.{32}$/],
    ['an object without members gets one', '{}', /^\{"password":".{32}"\}$/],
    [
      'an object keeps its other members',
      '{"user":"ada","password":"old"}',
      /^\{"user":"ada","password":".{32}"\}$/,
    ],
  ] as const) {
    test(`the built-in random password: ${what}`, async () => {
      const arn = await newSecret(first)
      await aws.run('secretsmanager rotate-secret', {
        'secret-id': arn,
        'rotation-lambda-arn': randomPassword(arn),
        'rotation-rules': { ScheduleExpression: 'rate(4 hours)' },
      })
      const secrets = sdk(SecretsManagerClient, caller)
      await until('it is rotated', async () => {
        const { LastRotatedDate } = await secrets.send(new DescribeSecretCommand({ SecretId: arn }))
        return LastRotatedDate !== undefined
      })
      const read = (stage: string) =>
        aws.run<{ readonly SecretString: string }>('secretsmanager get-secret-value', {
          'secret-id': arn,
          'version-stage': stage,
        })
      assert.match((await read('AWSCURRENT')).SecretString, expected)
      assert.equal((await read('AWSPREVIOUS')).SecretString, first)
      const { NextRotationDate = 0 } = await describeSecret(arn)
      // The last second of the hour that begins at a multiple of four.
      assert.equal((NextRotationDate + 1) % 3600, 0)
      assert.equal(((NextRotationDate + 1) / 3600 - 1) % 4, 0)
    })
  }

  test('rules that there cannot be are refused in AWS’s words, and nothing is stored', async () => {
    const arn = await newSecret('{}')
    const before = await describeSecret(arn)
    for (const [rules, message] of REFUSED) {
      const refusal = await aws.refused('secretsmanager rotate-secret', {
        'secret-id': arn,
        'rotation-lambda-arn': randomPassword(arn),
        'rotation-rules': rules,
      })
      assert.deepEqual(refusal, { code: PARAMETER, message }, JSON.stringify(rules))
    }
    assert.deepEqual(await describeSecret(arn), before)
  })

  test('both kinds of rules are taken, and a window up to midnight ends in its last second', async () => {
    const kinds = [
      { AutomaticallyAfterDays: 10 },
      { ScheduleExpression: 'cron(0 22 * * ? *)', Duration: '2h' },
      { ScheduleExpression: 'rate(10 days)', Duration: '3h' },
    ]
    for (const rules of kinds) {
      const arn = await newSecret('{}')
      await aws.run('secretsmanager rotate-secret', {
        'secret-id': arn,
        'rotation-lambda-arn': randomPassword(arn),
        'rotation-rules': rules,
        'no-rotate-immediately': true,
      })
      const { RotationRules = {}, NextRotationDate = 0 } = await describeSecret(arn)
      assert.partialDeepStrictEqual(RotationRules, rules)
      const lastSecond = 'Duration' in rules && rules.Duration === '3h' ? 3 * 3600 - 1 : 24 * 3600 - 1
      assert.equal(NextRotationDate % 86_400, lastSecond, JSON.stringify(rules))
      assert.ok(NextRotationDate * 1000 > Date.now())
    }
  })

  test('windows rotate by themselves, also the first one after midnight', async () => {
    await using site = await RotationSite.open()
    await using moved = await Server.start({ env: clockBy(clock) })
    const mine = callerOf(await moved.administrator())
    const role = await newRotationRole(mine)
    const functionArn = await newGatedFunction(mine, { name: 'gated', role, site: site.url })
    const client = (aheadMs: number) => sdk(SecretsManagerClient, mine, aheadMs)
    const command = new CreateSecretCommand({ Name: 'windows', SecretString: '{"count":1}' })
    const { ARN: SecretId = '' } = await client(0).send(command)
    const RotationRules = { ScheduleExpression: 'rate(4 hours)' }
    await client(0).send(
      new RotateSecretCommand({
        ...{ SecretId, RotationLambdaARN: functionArn, RotationRules, RotateImmediately: false },
      }),
    )
    const describeAt = (aheadMs: number) => client(aheadMs).send(new DescribeSecretCommand({ SecretId }))
    await until('the test of the configuration is over', async () => {
      const { VersionIdsToStages = {} } = await describeAt(0)
      return !Object.values(VersionIdsToStages).flat().includes('AWSPENDING')
    })
    // The last window of today, and the first of tomorrow: whatever the hour is, both are to come.
    const midnight = Math.floor(Date.now() / DAY_MS) * DAY_MS + DAY_MS
    const days = Date.now() > midnight - 4 * HOUR_MS ? 1 : 0
    const openings = [midnight + days * DAY_MS - 4 * HOUR_MS, midnight + days * DAY_MS]
    for (const [index, opensAt] of openings.entries()) {
      // In the second half of the window's hour: starts are spread over the first.
      const aheadMs = opensAt + 0.6 * HOUR_MS - Date.now()
      site.aheadMs = aheadMs
      writeFileSync(clock, String(aheadMs))
      let described: DescribeSecretResponse = {}
      await until('the window has rotated it', async () => {
        // Refused until the server has seen its clock.
        described = await describeAt(aheadMs).catch(() => ({}))
        return (described.LastRotatedDate?.getTime() ?? 0) > opensAt
      })
      const { LastRotatedDate, NextRotationDate } = described
      assert.ok((LastRotatedDate?.getTime() ?? 0) < opensAt + HOUR_MS, LastRotatedDate?.toISOString())
      const { SecretString } = await client(aheadMs).send(new GetSecretValueCommand({ SecretId }))
      assert.equal(SecretString, JSON.stringify({ count: index + 2 }))
      assert.equal(NextRotationDate?.getTime(), opensAt + 5 * HOUR_MS - 1000)
    }
    await moved.stop()
  })
})
