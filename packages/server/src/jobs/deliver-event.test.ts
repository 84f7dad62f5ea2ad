import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import {
  EventBridgeClient,
  PutEventsCommand,
  PutRuleCommand,
  PutTargetsCommand,
  RemoveTargetsCommand,
  type Target,
} from '@aws-sdk/client-eventbridge'
import { DELIVER_EVENT } from '../bus/delivery.ts'
import { eventOf, INVOKE_FUNCTION } from '../functions/event-job.ts'
import { openMessage } from '../notify/notice.ts'
import { DELIVER_NOTIFICATION } from '../notify/publish.ts'
import { silentLogger } from '../platform/logger.ts'
import { systemRandom } from '../platform/random.ts'
import { systemTimer } from '../platform/timer.ts'
import type { FunctionRecord } from '../store/functions.ts'
import { startServer, TEST_ACCOUNT, TEST_REGION, type TestServer } from '../testing/server.ts'
import { deliverEvent } from './deliver-event.ts'
import type { RunJob } from './job.ts'
import { Scheduler } from './scheduler.ts'

const PLACE = { account: TEST_ACCOUNT, region: TEST_REGION }
const TOPIC = `arn:aws:sns:${TEST_REGION}:${TEST_ACCOUNT}:alerts`
const FUNCTION = `arn:aws:lambda:${TEST_REGION}:${TEST_ACCOUNT}:function:alarm`
const RULE = `arn:aws:events:${TEST_REGION}:${TEST_ACCOUNT}:rule/alert`

function admitting(action: string, resource: string, source: string) {
  const document = JSON.stringify({
    Version: '2012-10-17',
    Statement: {
      Effect: 'Allow',
      Principal: { Service: 'events.amazonaws.com' },
      Action: action,
      Resource: resource,
      Condition: { ArnEquals: { 'aws:SourceArn': source } },
    },
  })
  return { document, bound: document, principals: {} }
}

/** A server whose own scheduler is at rest, with a topic, somebody subscribed to it, and a function. */
async function start(source = RULE): Promise<TestServer> {
  const server = await startServer()
  await server.house.scheduler[Symbol.asyncDispose]()
  const now = server.clock.now()
  const alarm: FunctionRecord = {
    ...PLACE,
    name: 'alarm',
    arn: FUNCTION,
    description: '',
    runtime: 'nodejs24.x',
    handler: 'index.handler',
    roleArn: 'arn:aws:iam::111122223333:role/r',
    timeoutSeconds: 3,
    memoryMb: 128,
    code: { kind: 'directory', path: '/nowhere' },
    policy: admitting('lambda:InvokeFunction', FUNCTION, source),
    revisionId: 'r',
    createdAt: now,
    modifiedAt: now,
  }
  await server.house.store.write(async (tx) => {
    const topic = { ...PLACE, name: 'alerts', arn: TOPIC }
    const policy = admitting('SNS:Publish', TOPIC, source)
    await tx.topics.addTopic({
      ...topic,
      attributes: {},
      policy,
      tags: {},
      createdAt: now,
      subscriptionsDeleted: 0,
    })
    await tx.topics.addSubscription({
      ...PLACE,
      topic: 'alerts',
      id: 'ada',
      owner: TEST_ACCOUNT,
      protocol: 'email',
      endpoint: 'ada@example.com',
      attributes: {},
      state: 'confirmed',
      authenticatedUnsubscribe: false,
      token: undefined,
      createdAt: now,
    })
    await tx.functions.insert(alarm)
  })
  return server
}

/** A rule for events from `app` that tells these targets, and such an event. */
async function tell(server: TestServer, ...Targets: readonly Target[]): Promise<void> {
  const events = server.sdk(EventBridgeClient, server.admin)
  await events.send(new PutRuleCommand({ Name: 'alert', EventPattern: '{"source":["app"]}' }))
  const { FailedEntryCount } = await events.send(
    new PutTargetsCommand({ Rule: 'alert', Targets: [...Targets] }),
  )
  assert.equal(FailedEntryCount, 0)
  const entry = { Source: 'app', DetailType: 'd', Detail: '{"name":"say \\"hi\\"","n":5}' }
  await events.send(new PutEventsCommand({ Entries: [entry] }))
}

/** Runs the deliveries that are due. */
async function deliver(server: TestServer, run: RunJob = deliverEvent): Promise<void> {
  const { house, clock, metrics } = server
  const { store, keyring, functions, channels, bus } = house
  const rooms = { store, keyring, functions, channels, bus, metrics, clock, random: systemRandom }
  const groups = [{ name: 'rules', concurrency: 4, jobs: { [DELIVER_EVENT]: run } }]
  await using scheduler = new Scheduler({ rooms, timer: systemTimer, logger: silentLogger, groups })
  await scheduler.settle()
}

/** What was published to the topic, each once for each subscription. */
async function published(server: TestServer): Promise<readonly string[]> {
  const { store, keyring } = server.house
  const jobs = await store.read.jobs.list(PLACE, DELIVER_NOTIFICATION)
  const texts: string[] = []
  for (const { payload } of jobs) {
    const id = String(payload.message)
    const notice = await store.read.notices.notice(PLACE, id)
    if (notice) texts.push(openMessage(keyring, PLACE, id, notice.sealed).message)
  }
  return texts
}

async function invoked(server: TestServer): Promise<readonly string[]> {
  const { store, keyring } = server.house
  const jobs = await store.read.jobs.list(PLACE, INVOKE_FUNCTION)
  return jobs.map((job) => new TextDecoder().decode(eventOf(job, keyring).payload))
}

async function failure(server: TestServer): Promise<Readonly<Record<string, unknown>> | undefined> {
  const event = (await server.trail()).find(({ eventName }) => eventName === 'EventDeliveryFailed')
  return event?.additionalEventData as Readonly<Record<string, unknown>> | undefined
}

describe('deliver-event', () => {
  test('publishes the event to a topic and hands it to a function, once each', async () => {
    await using server = await start()
    await tell(server, { Id: 't', Arn: TOPIC }, { Id: 'f', Arn: FUNCTION })
    await deliver(server)
    await deliver(server)
    const [text, ...others] = await published(server)
    assert.equal(others.length, 0)
    assert.equal(JSON.parse(text ?? '').source, 'app')
    assert.deepEqual(await invoked(server), [text])
    assert.match(server.metrics.text(), /lockstep_event_deliveries_total\{outcome="delivered"\} 2/)
  })

  test('tells what Input, InputPath and InputTransformer make of the event', async () => {
    await using server = await start()
    const InputTransformer = {
      InputPathsMap: { name: '$.detail.name', n: '$.detail.n', none: '$.detail.none' },
      InputTemplate: '{"rule": <aws.events.rule-name>, "text": "<name>: <n>", "n": <n>, "none": "<none>"}',
    }
    await tell(
      server,
      { Id: 'a', Arn: FUNCTION, Input: '{"constant":true}' },
      { Id: 'b', Arn: FUNCTION, InputPath: '$.detail' },
      { Id: 'c', Arn: FUNCTION, InputTransformer },
    )
    await deliver(server)
    assert.deepEqual(
      (await invoked(server))
        .map((text) => JSON.parse(text))
        .toSorted((a, b) => (JSON.stringify(a) < JSON.stringify(b) ? -1 : 1)),
      [
        { constant: true },
        { name: 'say "hi"', n: 5 },
        { rule: 'alert', text: 'say "hi": 5', n: 5, none: '' },
      ],
    )
  })

  test('a target whose policy does not admit the rule is told nothing, and the trail says so', async () => {
    for (const arn of [TOPIC, FUNCTION]) {
      await using server = await start(`${RULE}-of-somebody-else`)
      await tell(server, { Id: 't', Arn: arn })
      await deliver(server)
      assert.deepEqual(await published(server), [])
      assert.deepEqual(await invoked(server), [])
      const told = await failure(server)
      assert.equal(told?.errorCode, 'NO_PERMISSIONS')
      assert.equal(told?.targetArn, arn)
      assert.equal(told?.attempts, 1)
      assert.match(server.metrics.text(), /outcome="failed"/)
      assert.deepEqual(await server.house.store.read.jobs.list(PLACE, DELIVER_EVENT), [])
    }
  })

  test('what is not there is given up at once', async () => {
    await using server = await start()
    await tell(server, { Id: 't', Arn: `${TOPIC}-none` }, { Id: 'f', Arn: `${FUNCTION}-none` })
    await deliver(server)
    assert.equal((await failure(server))?.errorCode, 'RESOURCE_NOT_FOUND')
    assert.deepEqual(await server.house.store.read.jobs.list(PLACE, DELIVER_EVENT), [])
  })

  test('a target that was removed since is told nothing any more', async () => {
    await using server = await start()
    await tell(server, { Id: 't', Arn: TOPIC })
    const events = server.sdk(EventBridgeClient, server.admin)
    await events.send(new RemoveTargetsCommand({ Rule: 'alert', Ids: ['t'] }))
    await deliver(server)
    assert.deepEqual(await published(server), [])
    assert.equal(await failure(server), undefined)
  })

  test('a failure that may pass is tried again as often as the retry policy says, and then given up', async () => {
    await using server = await start()
    await tell(server, { Id: 't', Arn: TOPIC, RetryPolicy: { MaximumRetryAttempts: 2 } })
    for (const attempt of [1, 2, 3]) {
      assert.equal(await failure(server), undefined)
      await deliver(server, failingOnce)
      server.clock.advance(60)
      const [waiting] = await server.house.store.read.jobs.list(PLACE, DELIVER_EVENT)
      assert.equal(waiting?.attempts, attempt < 3 ? attempt : undefined)
    }
    assert.deepEqual((await failure(server))?.attempts, 3)
    assert.deepEqual(await published(server), [])
  })

  test('an event older than the retry policy allows is given up', async () => {
    await using server = await start()
    await tell(server, { Id: 't', Arn: TOPIC, RetryPolicy: { MaximumEventAgeInSeconds: 60 } })
    await deliver(server, failingOnce)
    assert.equal(await failure(server), undefined)
    server.clock.advance(60)
    await deliver(server, failingOnce)
    assert.equal((await failure(server))?.attempts, 2)
  })

  test('a failure that passed leaves one message, not two', async () => {
    await using server = await start()
    await tell(server, { Id: 't', Arn: TOPIC })
    await deliver(server, failingOnce)
    server.clock.advance(60)
    await deliver(server)
    assert.equal((await published(server)).length, 1)
  })

  test('that a delivery was given up is not offered to the rules', async () => {
    await using server = await start(`${RULE}-of-somebody-else`)
    const events = server.sdk(EventBridgeClient, server.admin)
    const pattern = '{"source":["aws.events"]}'
    await events.send(new PutRuleCommand({ Name: 'all', EventPattern: pattern }))
    await events.send(new PutTargetsCommand({ Rule: 'all', Targets: [{ Id: 't', Arn: TOPIC }] }))
    await events.send(new PutRuleCommand({ Name: 'one', EventPattern: '{"source":["app"]}' }))
    // Each delivery fails; if its failure were told, this would never end.
    await deliver(server)
    assert.equal(
      (await server.trail()).filter(({ eventName }) => eventName === 'EventDeliveryFailed').length,
      1,
    )
  })
})

/** The first write of each attempt fails, as if something were broken for a while. */
const failingOnce: RunJob = (job, rooms) => {
  let failed = false
  const store = new Proxy(rooms.store, {
    get(target, name) {
      const member: unknown = Reflect.get(target, name)
      if (typeof member !== 'function') return member
      if (name !== 'write' || failed) return member.bind(target)
      failed = true
      return async () => {
        throw new TypeError('broken')
      }
    },
  })
  return deliverEvent(job, { ...rooms, store })
}
