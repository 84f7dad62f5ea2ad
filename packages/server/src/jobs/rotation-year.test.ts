import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Functions, InvocationResult } from '../functions/functions.ts'
import { silentLogger } from '../platform/logger.ts'
import { systemRandom } from '../platform/random.ts'
import { systemTimer } from '../platform/timer.ts'
import { queueWindowAfter } from '../rotation/queue.ts'
import { openScene, PLACE, type StepEvent } from '../rotation/scene.test-support.ts'
import { counted } from '../rotation/windows.ts'
import { nextWindow, readWindowRules } from '../schedule/rotation-window.ts'
import { TEST_POSTGRES } from '../store/postgres/test-database.ts'
import type { RotationRules, Secret } from '../store/secrets.ts'
import type { Store } from '../store/store.ts'
import { NO_CHANNELS } from '../testing/no-channels.ts'
import { groups } from './index.ts'
import { Scheduler } from './scheduler.ts'

/** The arithmetic is the same on either engine; a year of two thousand on a database over a socket takes many minutes. */
const SECRETS = TEST_POSTGRES ? 60 : 2000
const HOUR_MS = 3_600_000
const DAY_MS = 24 * HOUR_MS

/** Schedules of all kinds that come round a few times a year, so that the year passes in seconds. */
const RULES: readonly RotationRules[] = [
  { automaticallyAfterDays: 180 },
  { automaticallyAfterDays: 364, duration: '2h' },
  { scheduleExpression: 'rate(150 days)', duration: '3h' },
  { scheduleExpression: 'cron(0 8 1 1/6 ? *)', duration: '1h' },
  { scheduleExpression: 'cron(0 22 L 2 ? *)' },
  { scheduleExpression: 'cron(0 4/12 29 6 ? *)' },
  { scheduleExpression: 'cron(0 0 ? 11 SUN#1 *)', duration: '24h' },
]

/** A function that moves AWSCURRENT as it should, straight in the store: thousands of SDK calls are not the point. */
class Mover implements Functions {
  readonly rotatedAt = new Map<string, Date[]>()
  readonly #store: Store
  readonly #now: () => Date

  constructor(store: Store, now: () => Date) {
    this.#store = store
    this.#now = now
  }

  async invoke({ payload }: { readonly payload: Uint8Array }): Promise<InvocationResult> {
    const { Step, SecretId, ClientRequestToken } = JSON.parse(new TextDecoder().decode(payload)) as StepEvent
    if (Step === 'finishSecret') {
      await this.#store.write(async (tx) => {
        const secret = await tx.secrets.byArn(PLACE, SecretId)
        assert.ok(secret)
        const labels = new Map(secret.labels).set('AWSCURRENT', ClientRequestToken)
        await tx.secrets.update({ ...secret, labels })
      })
      this.rotatedAt.set(SecretId, [...(this.rotatedAt.get(SecretId) ?? []), this.#now()])
    }
    return { requestId: 'r', payload: new TextEncoder().encode('null'), logTail: '', durationMs: 1 }
  }
}

test('in a year no window of two thousand secrets is missed or has two rotations', async () => {
  await using scene = await openScene()
  await scene.stopScheduler()
  const { house, clock } = scene.server
  const startedAt = clock.now()
  const mover = new Mover(house.store, () => clock.now())
  const secrets = await configure(house.store, startedAt, scene)
  const rooms = {
    store: house.store,
    keyring: house.keyring,
    clock,
    random: systemRandom,
    functions: mover,
    channels: NO_CHANNELS,
    bus: house.bus,
    metrics: scene.server.metrics,
  }
  await using scheduler = new Scheduler({ rooms, timer: systemTimer, logger: silentLogger, groups })
  const end = startedAt.getTime() + 366 * DAY_MS
  // Half-hours are what a window of one hour can bear, with starts in its first half.
  const kinds = groups.flatMap(({ jobs }) => Object.keys(jobs))
  for (;;) {
    await scheduler.settle()
    const next = await house.store.read.jobs.nextAt(kinds)
    if (!next || next.getTime() > end) break
    const waitMs = Math.max(next.getTime() - clock.now().getTime(), 0)
    // To a quarter of an hour after the first start that is due, as a slow server would.
    clock.advance(waitMs / 1000 + 900)
  }

  let rotations = 0
  for (const { arn, rotation } of secrets) {
    const schedule = readWindowRules(rotation?.rules ?? {})
    assert.ok(typeof schedule !== 'string')
    const done = mover.rotatedAt.get(arn) ?? []
    rotations += done.length
    let anchor = startedAt
    let after = startedAt
    for (const at of done) {
      const window = nextWindow(schedule, after, anchor)
      assert.ok(window && window.opensAt <= at && at < window.closesAt, `${at.toISOString()} is in no window`)
      after = window.opensAt
      if (schedule.sinceRotation) [after, anchor] = [at, at]
    }
    const missed = nextWindow(schedule, after, anchor)
    assert.ok(!missed || missed.closesAt.getTime() > end, `${arn} missed ${missed?.opensAt.toISOString()}`)
  }
  assert.ok(rotations > 1.5 * SECRETS, `${rotations} rotations`)
})

async function configure(
  store: Store,
  now: Date,
  { arn: model }: { readonly arn: string },
): Promise<readonly Secret[]> {
  const secrets: Secret[] = []
  for (let i = 0; i < SECRETS; i++) {
    const rules = RULES[i % RULES.length] ?? {}
    const lambdaArn = `arn:aws:lambda:us-east-1:${PLACE.account}:function:rotator`
    const arn = model.replace(/db-.*$/, `year-${i}-AbCdEf`)
    const versionId = systemRandom.uuid()
    const secret: Secret = {
      ...PLACE,
      ...{ name: `year-${i}`, arn, labels: new Map([['AWSCURRENT', versionId]]) },
      rotation: { ...counted({ enabled: true, lambdaArn, rules }, now), rules },
      ...{ createdAt: now, changedAt: now },
    }
    await store.write(async (tx) => {
      await tx.secrets.insert(secret)
      await tx.secrets.addVersion(PLACE, arn, { id: versionId, createdAt: now })
      await queueWindowAfter(tx, secret, now, { random: systemRandom, now })
    })
    secrets.push(secret)
  }
  return secrets
}
