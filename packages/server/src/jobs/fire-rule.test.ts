import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import {
  DeleteRuleCommand,
  DisableRuleCommand,
  EventBridgeClient,
  PutRuleCommand,
  PutTargetsCommand,
  RemoveTargetsCommand,
} from '@aws-sdk/client-eventbridge'
import { DELIVER_EVENT, deliveryOf } from '../bus/delivery.ts'
import { FIRE_RULE } from '../bus/firing.ts'
import { silentLogger } from '../platform/logger.ts'
import { systemRandom } from '../platform/random.ts'
import { systemTimer } from '../platform/timer.ts'
import { ManualClock } from '../testing/manual-clock.ts'
import { startServer, TEST_ACCOUNT, TEST_REGION, type TestServer } from '../testing/server.ts'
import { fireRule } from './fire-rule.ts'
import { Scheduler } from './scheduler.ts'

const PLACE = { account: TEST_ACCOUNT, region: TEST_REGION }
const RULE = `arn:aws:events:${TEST_REGION}:${TEST_ACCOUNT}:rule/clock`
const TOPIC = `arn:aws:sns:${TEST_REGION}:${TEST_ACCOUNT}:alerts`

/** A server at `from` with a rule on `schedule`; only the test runs jobs. */
async function start(from: string, schedule: string): Promise<TestServer> {
  const server = await startServer({ clock: new ManualClock(new Date(from)) })
  await server.house.scheduler[Symbol.asyncDispose]()
  const events = server.sdk(EventBridgeClient, server.admin)
  await events.send(new PutRuleCommand({ Name: 'clock', ScheduleExpression: schedule }))
  await events.send(new PutTargetsCommand({ Rule: 'clock', Targets: [{ Id: 't', Arn: TOPIC }] }))
  return server
}

/** Lets the clock go to `until`, waking at each occurrence. */
async function pass({ house, clock, metrics }: TestServer, until: string): Promise<void> {
  const { store, keyring, functions, channels, bus } = house
  const rooms = { store, keyring, functions, channels, bus, metrics, clock, random: systemRandom }
  const groups = [{ name: 'rules', concurrency: 4, jobs: { [FIRE_RULE]: fireRule } }]
  await using scheduler = new Scheduler({ rooms, timer: systemTimer, logger: silentLogger, groups })
  for (;;) {
    const next = await store.read.jobs.nextAt([FIRE_RULE])
    const at = next && next <= new Date(until) ? next : new Date(until)
    clock.advance(Math.max(0, (at.getTime() - clock.now().getTime()) / 1000))
    await scheduler.settle()
    if (at !== next) return
  }
}

async function fired(server: TestServer) {
  const { store, keyring } = server.house
  const jobs = await store.read.jobs.list(PLACE, DELIVER_EVENT)
  return jobs.map((job) => deliveryOf(job, keyring).event).toSorted((a, b) => (a.time < b.time ? -1 : 1))
}

async function times(server: TestServer): Promise<readonly string[]> {
  return (await fired(server)).map(({ time }) => time)
}

describe('fire-rule', () => {
  test('tells the targets as AWS does', async () => {
    await using server = await start('2026-01-15T10:00:30Z', 'rate(5 minutes)')
    await pass(server, '2026-01-15T10:05:30Z')
    const [event] = await fired(server)
    assert.deepEqual(event, {
      version: '0',
      id: event?.id,
      'detail-type': 'Scheduled Event',
      source: 'aws.events',
      account: TEST_ACCOUNT,
      time: '2026-01-15T10:05:30Z',
      region: TEST_REGION,
      resources: [RULE],
      detail: {},
    })
  })

  test('a cron rule fires at its times, the leap day included', async () => {
    await using server = await start('2028-02-27T13:00:00Z', 'cron(0 12 * * ? *)')
    await pass(server, '2028-03-01T12:00:00Z')
    assert.deepEqual(await times(server), [
      '2028-02-28T12:00:00Z',
      '2028-02-29T12:00:00Z',
      '2028-03-01T12:00:00Z',
    ])
    await using rare = await start('2026-01-01T00:00:00Z', 'cron(0 0 29 2 ? *)')
    await pass(rare, '2036-03-01T00:00:00Z')
    assert.deepEqual(await times(rare), [
      '2028-02-29T00:00:00Z',
      '2032-02-29T00:00:00Z',
      '2036-02-29T00:00:00Z',
    ])
  })

  test('times that passed while no server ran are made up for by one', async () => {
    await using server = await start('2026-01-15T10:00:00Z', 'rate(1 hour)')
    server.clock.advance(5.5 * 3600)
    await pass(server, '2026-01-15T16:00:00Z')
    assert.deepEqual(await times(server), ['2026-01-15T11:00:00Z', '2026-01-15T16:00:00Z'])
  })

  test('a disabled or deleted rule fires no more', async () => {
    await using server = await start('2026-01-15T10:00:00Z', 'rate(1 hour)')
    const events = server.sdk(EventBridgeClient, server.admin)
    await events.send(new DisableRuleCommand({ Name: 'clock' }))
    assert.equal(await server.house.store.read.jobs.find(PLACE, FIRE_RULE, 'clock'), undefined)
    await events.send(new PutRuleCommand({ Name: 'clock', ScheduleExpression: 'rate(1 hour)' }))
    assert.ok(await server.house.store.read.jobs.find(PLACE, FIRE_RULE, 'clock'))
    await events.send(new RemoveTargetsCommand({ Rule: 'clock', Ids: ['t'] }))
    await events.send(new DeleteRuleCommand({ Name: 'clock' }))
    assert.equal(await server.house.store.read.jobs.find(PLACE, FIRE_RULE, 'clock'), undefined)
  })
})
