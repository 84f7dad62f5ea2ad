/**
 * Rotation functions that fail in every way and in every step: nobody who reads the secret notices, the trail says
 * which step failed and how, and the next attempt goes on with that step.
 */
import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, describe } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { isDeepStrictEqual } from 'node:util'
import { CloudTrailClient, type Event, LookupEventsCommand } from '@aws-sdk/client-cloudtrail'
import {
  CreateSecretCommand,
  DescribeSecretCommand,
  GetSecretValueCommand,
  ListSecretsCommand,
  RotateSecretCommand,
  SecretsManagerClient,
} from '@aws-sdk/client-secrets-manager'
import { AwsCli } from './aws-cli.ts'
import { needing, PYTHON } from './components.ts'
import { newGatedFunction, newRotationRole } from './rotation-functions.ts'
import { type Asked, type Fault, RotationSite, STEPS, type Step, until } from './rotation-site.ts'
import { type Caller, callerOf, sdk } from './sdk.ts'
import { clockBy, Scratch, Server } from './server.ts'

const MINUTE_MS = 60_000
/** What is between the attempts of a rotation. */
const RETRIES_MS = [1, 5, 15, 60].map((minutes) => minutes * MINUTE_MS)
/** By when each attempt after the first is due. */
const DUE_MS = RETRIES_MS.map((_, index) =>
  RETRIES_MS.slice(0, index + 1).reduce((sum, ms) => sum + ms + 1000, 0),
)
const FAILED = 'RotationFailed'
/** A little more than the lease of a job. */
const LEASE_MS = 61_000
/** Some looks at the queue. */
const LOOKS_MS = 3_000
const READ_AGAIN_MS = 100
/** A minute of attempts, on a machine that does much else. */
const SETTLED_WITHIN_MS = 120_000

type Language = 'node' | 'python'

/** What the trail calls each fault; the class is the one that the handlers throw. */
const REASONS: Readonly<Record<Fault, { readonly Reason: string; readonly ErrorType?: string }>> = {
  throw: { Reason: 'Threw', ErrorType: 'TypeError' },
  hang: { Reason: 'TimedOut' },
  exit: { Reason: 'Exited' },
  leak: { Reason: 'Exited' },
  kill: { Reason: 'Exited' },
}
const FAULTS = Object.keys(REASONS) as readonly Fault[] // its own keys

/** A secret whose rotation fails once. */
interface Row {
  readonly language: Language
  readonly fault: Fault
  readonly step: Step
  readonly arn: string
  readonly first: string
  readonly token: string
}

/** What `aws cloudtrail lookup-events` says of an attempt that failed. */
interface FailedEvent {
  readonly SecretId: string
  readonly VersionId: string
  readonly Step: string
  readonly Attempt: number
  readonly Reason: string
  readonly ErrorType?: string
  readonly NextAttemptAt?: string
}

/** Limits that a fault runs into, and that nothing else does. */
const LIMITS: Readonly<Partial<Record<Fault, { timeoutSeconds?: number; memoryMb?: number }>>> = {
  hang: { timeoutSeconds: 8 },
  leak: { memoryMb: 200 },
}

const ONE = '{"count":1}'
const TWO = '{"count":2}'

const TABLE: readonly (readonly [Language, Fault, Step])[] = [
  ...FAULTS.flatMap((fault) => STEPS.map((step) => ['node', fault, step] as const)),
  // How it throws and ends is Python's own; where it does makes no difference to that.
  ...FAULTS.map((fault, index) => ['python', fault, STEPS[index % STEPS.length] ?? 'setSecret'] as const),
]

describe('rotations that fail', () => {
  const hooks = needing('aws-cli', 'boto3')
  const { test, before } = hooks
  const scratch = new Scratch()
  const clock = join(scratch.path, 'clock-ahead-ms')
  const functions = new Map<string, string>()
  let server: Server
  let site: RotationSite
  let caller: Caller
  let secrets: SecretsManagerClient
  let trail: CloudTrailClient
  let aws: AwsCli

  /** Puts the server's clock ahead, and those who sign by it; once it lets them in, it has seen that. */
  async function aheadBy(ms: number): Promise<void> {
    site.aheadMs = ms
    writeFileSync(clock, String(ms))
    await until('the server has seen its clock', () =>
      // A new client each time: one that is refused sets its clock by the answer's.
      sdk(SecretsManagerClient, caller, ms)
        .send(new ListSecretsCommand({ MaxResults: 1 }))
        .then(
          () => true,
          () => false,
        ),
    )
    secrets = sdk(SecretsManagerClient, caller, ms)
    trail = sdk(CloudTrailClient, caller, ms)
  }

  before(async () => {
    site = await RotationSite.open()
    writeFileSync(clock, '0')
    const flags = ['--function-python', PYTHON]
    server = await Server.start({ flags, env: clockBy(clock) })
    const administrator = await server.administrator()
    aws = new AwsCli(administrator)
    caller = callerOf(administrator)
    await aheadBy(0)
    const role = await newRotationRole(caller)
    for (const language of ['node', 'python'] as const) {
      for (const fault of FAULTS) {
        const name = `${language}-${fault}`
        const made = { name, role, site: site.url, language, ...LIMITS[fault] }
        functions.set(name, await newGatedFunction(caller, made))
      }
    }
  })
  after(async () => {
    await server?.stop()
    await server?.[Symbol.asyncDispose]()
    await site?.[Symbol.asyncDispose]()
    scratch[Symbol.dispose]()
  })

  async function newRow(language: Language, fault: Fault, step: Step): Promise<Row> {
    const Name = `${language}/${fault}/${step}/${randomUUID()}`
    const { ARN: arn = '', VersionId: first = '' } = await secrets.send(
      new CreateSecretCommand({ Name, SecretString: ONE }),
    )
    return { language, fault, step, arn, first, token: randomUUID() }
  }

  /** Asks for a rotation; the version that it is about. */
  async function rotate({ arn, language, fault }: Row, ClientRequestToken: string): Promise<string> {
    const RotationLambdaARN = functions.get(`${language}-${fault}`)
    const { VersionId = '' } = await secrets.send(
      new RotateSecretCommand({ SecretId: arn, RotationLambdaARN, ClientRequestToken }),
    )
    return VersionId
  }

  async function stages({ arn }: Row) {
    return (await secrets.send(new DescribeSecretCommand({ SecretId: arn }))).VersionIdsToStages
  }

  async function value({ arn }: Row): Promise<string> {
    return (await secrets.send(new GetSecretValueCommand({ SecretId: arn }))).SecretString ?? ''
  }

  /** How many of them have AWSCURRENT on the version of their rotation and AWSPENDING on none. */
  async function rotated(rows: readonly Row[]): Promise<number> {
    const all = await Promise.all(rows.map(stages))
    return rows.filter(({ first, token }, index) =>
      isDeepStrictEqual(all[index], { [first]: ['AWSPREVIOUS'], [token]: ['AWSCURRENT'] }),
    ).length
  }

  async function failures(): Promise<readonly FailedEvent[]> {
    const LookupAttributes = [{ AttributeKey: 'EventName', AttributeValue: FAILED } as const]
    const { Events = [] } = await trail.send(new LookupEventsCommand({ LookupAttributes, MaxResults: 50 }))
    return Events.map(failedEvent)
  }

  /** Reads all secrets again and again until told to end: a read that fails, or another value, is an error. */
  function reading(rows: readonly Row[]) {
    let isOver = false
    const seen = { values: new Set([ONE]), reads: 0 }
    const work = (async () => {
      while (!isOver) {
        for (const row of rows) {
          const read = await value(row)
          assert.ok(seen.values.has(read), `${row.arn} ${read}`)
          seen.reads++
        }
        await sleep(READ_AGAIN_MS)
      }
    })()
    work.catch(() => {})
    const end = () => {
      isOver = true
      return work
    }
    return { seen, end }
  }

  test(`${TABLE.length} rotations whose handler throws, hangs, exits, leaks or is killed, in each step, fail and go on`, async (t) => {
    const rows: Row[] = []
    for (const [language, fault, step] of TABLE) rows.push(await newRow(language, fault, step))
    site.rule = ({ secret, step, point }) => {
      const row = rows.find(({ arn }) => arn === secret)
      return point === 'begin' && row?.step === step ? row.fault : undefined
    }
    const reader = reading(rows)
    for (const row of rows) assert.equal(await rotate(row, row.token), row.token)
    await until('all have failed', async () => (await failures()).length >= rows.length, SETTLED_WITHIN_MS)

    const attribute = { AttributeKey: 'EventName', AttributeValue: FAILED }
    const told = await aws.run<{ readonly Events: readonly Event[] }>('cloudtrail lookup-events', {
      'lookup-attributes': [attribute],
    })
    const failed = new Map(told.Events.map(failedEvent).map((event) => [event.SecretId, event]))
    assert.equal(told.Events.length, rows.length)
    for (const row of rows) {
      const { NextAttemptAt, ...event } = failed.get(row.arn) ?? {}
      const expected = { SecretId: row.arn, VersionId: row.token, Step: row.step, Attempt: 1 }
      assert.deepEqual(event, { ...expected, ...REASONS[row.fault] })
      assert.ok(Date.parse(NextAttemptAt ?? '') > Date.now(), NextAttemptAt)
      assert.deepEqual(await stages(row), { [row.first]: ['AWSCURRENT'], [row.token]: ['AWSPENDING'] })
      assert.equal(await value(row), ONE)
    }

    site.rule = () => undefined
    reader.seen.values.add(TWO)
    await aheadBy(DUE_MS[0] ?? 0)
    await until('all are rotated', async () => (await rotated(rows)) === rows.length, SETTLED_WITHIN_MS)
    await reader.end()
    for (const row of rows) {
      // The step that failed was asked for twice, and every other one once.
      const runs = STEPS.map((step) => (step === row.step ? 2 : 1))
      assert.deepEqual(site.begun(row.arn, row.token), runs, row.arn)
      assert.equal(await value(row), TWO)
    }
    assert.deepEqual(site.overlaps, [])
    t.diagnostic(`${reader.seen.reads} reads while they failed and went on`)
  })

  test('after five attempts a rotation is given up, and RotateSecret takes it up at the step that failed', async () => {
    const row = await newRow('node', 'throw', 'testSecret')
    const before = (await failures()).length
    site.rule = ({ secret, step, point }) =>
      secret === row.arn && point === 'begin' && step === row.step ? 'throw' : undefined
    const startsAtMs = site.aheadMs
    await rotate(row, row.token)
    for (const [index, dueMs] of [0, ...DUE_MS].entries()) {
      // The clock moves on while no step runs.
      await aheadBy(startsAtMs + dueMs)
      await until('another attempt fails', async () => (await failures()).length === before + index + 1)
    }
    const last = (await failures())[0]
    assert.partialDeepStrictEqual(last, { SecretId: row.arn, Step: row.step, Attempt: 5, Reason: 'Threw' })
    assert.equal(last?.NextAttemptAt, undefined)
    assert.deepEqual(site.begun(row.arn, row.token), [1, 1, 5, 0])
    assert.deepEqual(await stages(row), { [row.first]: ['AWSCURRENT'], [row.token]: ['AWSPENDING'] })
    assert.equal(await value(row), ONE)

    site.rule = () => undefined
    assert.equal(await rotate(row, randomUUID()), row.token)
    await until('it is rotated', async () => (await rotated([row])) === 1)
    assert.deepEqual(site.begun(row.arn, row.token), [1, 1, 6, 1])
    assert.equal(await value(row), TWO)
  })

  test('a clock that is put ahead by more than a lease has no step begin again beside itself', async () => {
    const row = await newRow('node', 'throw', 'setSecret')
    const go = Promise.withResolvers<undefined>()
    const isHeld = ({ secret, step, point }: Asked) =>
      secret === row.arn && step === row.step && point === 'begin'
    site.rule = (asked) => (isHeld(asked) ? go.promise : undefined)
    await rotate(row, row.token)
    await until('it is held', () => site.asked.some(isHeld))
    await aheadBy(site.aheadMs + LEASE_MS)
    await sleep(LOOKS_MS)
    go.resolve(undefined)
    await until('it is rotated', async () => (await rotated([row])) === 1)
    assert.deepEqual(site.begun(row.arn, row.token), [1, 1, 1, 1])
    assert.deepEqual(site.overlaps, [])
  })
})

function failedEvent({ CloudTrailEvent = '' }: Event): FailedEvent {
  const event = JSON.parse(CloudTrailEvent) as { readonly additionalEventData: FailedEvent } // written by the server
  return event.additionalEventData
}
