import assert from 'node:assert/strict'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import {
  DisableRuleCommand,
  EventBridgeClient,
  PutRuleCommand,
  PutTargetsCommand,
} from '@aws-sdk/client-eventbridge'
import { CreateKeyCommand, KMSClient } from '@aws-sdk/client-kms'
import {
  BatchGetSecretValueCommand,
  CreateSecretCommand,
  DeleteSecretCommand,
  GetSecretValueCommand,
  SecretsManagerClient,
} from '@aws-sdk/client-secrets-manager'
import { groups } from '../jobs/index.ts'
import { Scheduler } from '../jobs/scheduler.ts'
import { silentLogger } from '../platform/logger.ts'
import { systemRandom } from '../platform/random.ts'
import { systemTimer } from '../platform/timer.ts'
import { eventually } from '../testing/eventually.ts'
import {
  type Keys,
  OTHER_ACCOUNT,
  startServer,
  TEST_ACCOUNT,
  TEST_REGION,
  type TestServer,
} from '../testing/server.ts'
import { DELIVER_EVENT, deliveryOf } from './delivery.ts'

const PLACE = { account: TEST_ACCOUNT, region: TEST_REGION }
const TOPIC = `arn:aws:sns:${TEST_REGION}:${TEST_ACCOUNT}:alerts`
const ALL = 'ENABLED_WITH_ALL_CLOUDTRAIL_MANAGEMENT_EVENTS'

async function rule(
  server: TestServer,
  pattern: object,
  { state = 'ENABLED', keys = server.admin }: { state?: 'ENABLED' | typeof ALL; keys?: Keys } = {},
): Promise<void> {
  const events = server.sdk(EventBridgeClient, keys)
  await events.send(
    new PutRuleCommand({ Name: 'alert', EventPattern: JSON.stringify(pattern), State: state }),
  )
  await events.send(new PutTargetsCommand({ Rule: 'alert', Targets: [{ Id: 'topic', Arn: TOPIC }] }))
}

async function offered(server: TestServer, place = PLACE) {
  // The scheduler of the house may be at work on them already.
  const jobs = await server.house.store.read.jobs.list(place, DELIVER_EVENT)
  return jobs.map((job) => deliveryOf(job, server.house.keyring).event)
}

/** A server whose own scheduler leaves deliveries alone: its topic is not there, and no clock moves. */
async function start(): Promise<TestServer> {
  const server = await startServer({ settings: { regions: 'eu-west-1' } })
  await server.house.scheduler[Symbol.asyncDispose]()
  return server
}

const DELETES = { source: ['aws.secretsmanager'], detail: { eventName: ['DeleteSecret'] } }

describe('the bus', () => {
  test('offers a call to the rules as AWS shapes it', async () => {
    await using server = await start()
    const secrets = server.sdk(SecretsManagerClient, server.admin)
    await secrets.send(new CreateSecretCommand({ Name: 'db', SecretString: 'one' }))
    await rule(server, DELETES)
    await secrets.send(new DeleteSecretCommand({ SecretId: 'db' }))
    const [event, ...others] = await offered(server)
    assert.equal(others.length, 0)
    assert.ok(event)
    const { id, detail, ...shape } = event
    assert.match(id, /^[0-9a-f-]{36}$/)
    assert.deepEqual(shape, {
      version: '0',
      'detail-type': 'AWS API Call via CloudTrail',
      source: 'aws.secretsmanager',
      account: TEST_ACCOUNT,
      time: `${server.clock.now().toISOString().slice(0, 19)}Z`,
      region: TEST_REGION,
      resources: [],
    })
    assert.deepEqual(detail, (await server.trail())[0])
  })

  test('offers denied attempts too', async () => {
    await using server = await start()
    await rule(server, { source: ['aws.secretsmanager'], detail: { errorCode: ['AccessDeniedException'] } })
    const nobody = await server.user()
    const attempt = server.sdk(SecretsManagerClient, nobody).send(new DeleteSecretCommand({ SecretId: 'db' }))
    await assert.rejects(attempt, { name: 'AccessDeniedException' })
    const [event] = await offered(server)
    assert.deepEqual(event?.detail, (await server.trail())[0])
    assert.equal((await server.trail())[0]?.eventName, 'DeleteSecret')
  })

  test('a change that is not made is told as the failure it was, once', async () => {
    await using server = await start()
    await rule(server, { source: ['aws.secretsmanager'] })
    const secrets = server.sdk(SecretsManagerClient, server.admin)
    await secrets.send(new CreateSecretCommand({ Name: 'db', SecretString: 'one' }))
    await assert.rejects(secrets.send(new CreateSecretCommand({ Name: 'db', SecretString: 'two' })))
    const told = (await offered(server)).map(({ detail }) => Reflect.get(Object(detail), 'errorCode'))
    assert.deepEqual(told.toSorted(), ['ResourceExistsException', undefined].toSorted())
  })

  test('there is no delivery without its event, whatever fails in between', async () => {
    await using server = await start()
    await rule(server, { source: ['aws.events'] })
    const { store, bus } = server.house
    const [row] = await server.trailRows()
    assert.ok(row)
    const entry = {
      ...row,
      at: new Date(row.at),
      readOnly: false,
      userName: 'a',
      accessKeyId: 'b',
      resources: [],
    }
    const before = (await server.trailRows()).length
    await assert.rejects(
      store.write(async (tx) => {
        await bus.append(tx, entry)
        throw new Error('the server is dead')
      }),
    )
    assert.equal((await server.trailRows()).length, before)
    assert.equal((await offered(server)).length, 0)
    await store.write((tx) => bus.append(tx, entry))
    assert.equal((await server.trailRows()).length, before + 1)
    assert.equal((await offered(server)).length, 1)
  })

  test('calls that only look are offered to rules that ask for all management events, and to no others', async () => {
    for (const [state, count] of [
      ['ENABLED', 0],
      [ALL, 2],
    ] as const) {
      await using server = await start()
      const secrets = server.sdk(SecretsManagerClient, server.admin)
      await secrets.send(new CreateSecretCommand({ Name: 'db', SecretString: 'one' }))
      await rule(server, { detail: { eventName: ['GetSecretValue'] } }, { state })
      await secrets.send(new GetSecretValueCommand({ SecretId: 'db' }))
      await secrets.send(new BatchGetSecretValueCommand({ SecretIdList: ['db'] }))
      assert.equal((await offered(server)).length, count)
    }
  })

  test('what a service does by itself is offered as a service event', async () => {
    await using server = await start()
    const secrets = server.sdk(SecretsManagerClient, server.admin)
    await secrets.send(new CreateSecretCommand({ Name: 'db', SecretString: 'one' }))
    await rule(server, { 'detail-type': ['AWS Service Event via CloudTrail'] })
    await secrets.send(new DeleteSecretCommand({ SecretId: 'db', RecoveryWindowInDays: 7 }))
    server.clock.advance(7 * 86_400)
    const { house, clock, metrics } = server
    const { store, keyring, functions, channels, bus } = house
    const jobs = groups.map((group) => ({
      ...group,
      jobs: Object.fromEntries(Object.entries(group.jobs).filter(([kind]) => kind !== DELIVER_EVENT)),
    }))
    const rooms = { store, keyring, functions, channels, bus, clock, metrics, random: systemRandom }
    await using scheduler = new Scheduler({ rooms, timer: systemTimer, logger: silentLogger, groups: jobs })
    await scheduler.settle()
    const [event] = await offered(server)
    assert.equal(Reflect.get(Object(event?.detail), 'eventName'), 'EndSecretVersionDelete')
    assert.equal(event?.source, 'aws.secretsmanager')
  })

  test('a rule hears of its own account and region only', async () => {
    await using server = await start()
    await rule(server, { source: ['aws.kms'] })
    await server.sdk(KMSClient, server.otherAdmin).send(new CreateKeyCommand({}))
    await server.sdk(KMSClient, server.admin, 'eu-west-1').send(new CreateKeyCommand({}))
    assert.equal((await offered(server)).length, 0)
    assert.equal((await offered(server, { ...PLACE, account: OTHER_ACCOUNT })).length, 0)
    await server.sdk(KMSClient, server.admin).send(new CreateKeyCommand({}))
    assert.equal((await offered(server)).length, 1)
  })

  test('a rule is obeyed from the next call on, and not after it was disabled', async () => {
    await using server = await start()
    const kms = server.sdk(KMSClient, server.admin)
    await kms.send(new CreateKeyCommand({}))
    await rule(server, { source: ['aws.kms'] })
    await kms.send(new CreateKeyCommand({}))
    assert.equal((await offered(server)).length, 1)
    await server.sdk(EventBridgeClient, server.admin).send(new DisableRuleCommand({ Name: 'alert' }))
    await kms.send(new CreateKeyCommand({}))
    assert.equal((await offered(server)).length, 1)
  })

  test('calls that no rule concerns ask the store for no rules, while none has changed', async () => {
    await using server = await start()
    await rule(server, { source: ['aws.nothing'] })
    const kms = server.sdk(KMSClient, server.admin)
    await kms.send(new CreateKeyCommand({}))
    const { bus } = server.house
    // On PostgreSQL a server takes its own change for news once more, at its next look.
    const demandKnown = () =>
      eventually(async () => {
        const reading = bus.prepare(PLACE)
        await reading
        assert.equal(reading, undefined)
      })
    await demandKnown()
    await server.sdk(EventBridgeClient, server.admin).send(new DisableRuleCommand({ Name: 'alert' }))
    const reading = bus.prepare(PLACE)
    assert.ok(reading)
    await reading
    await demandKnown()
  })
})

test('nothing but the bus appends events, but for those of deliveries that were given up', () => {
  const root = join(import.meta.dirname, '..')
  const appenders = readdirSync(root, { recursive: true, encoding: 'utf8' })
    .filter((path) => path.endsWith('.ts') && !/\.(?:test|contract|test-support)\.ts$|\/test-/.test(path))
    .filter((path) => !path.startsWith('store/'))
    .filter((path) => /trail\.append\(|store\.record\(/.test(readFileSync(join(root, path), 'utf8')))
  assert.deepEqual(appenders.toSorted(), [
    'bus/bus.ts',
    'jobs/deliver-event.ts',
    'jobs/deliver-notification.ts',
  ])
})
