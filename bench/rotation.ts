/** Suite `rotation`: what ten thousand secrets on schedules cost a server that waits, and one whose windows open. */
import { Bus } from '../packages/server/src/bus/bus.ts'
import type { Functions } from '../packages/server/src/functions/functions.ts'
import { unbound } from '../packages/server/src/gateway/bound-policy.ts'
import { groups } from '../packages/server/src/jobs/index.ts'
import { Scheduler } from '../packages/server/src/jobs/scheduler.ts'
import { Keyring } from '../packages/server/src/keyring/keyring.ts'
import { openMemoryRootKey } from '../packages/server/src/keyring/root-keys/memory.ts'
import { silentLogger } from '../packages/server/src/platform/logger.ts'
import { Metrics } from '../packages/server/src/platform/metrics.ts'
import { systemRandom } from '../packages/server/src/platform/random.ts'
import { systemTimer } from '../packages/server/src/platform/timer.ts'
import { queueWindowAfter } from '../packages/server/src/rotation/queue.ts'
import { counted } from '../packages/server/src/rotation/windows.ts'
import type { Secret } from '../packages/server/src/store/secrets.ts'
import type { Store } from '../packages/server/src/store/store.ts'
import { openTestStore } from '../packages/server/src/store/test-store.ts'
import { ManualClock } from '../packages/server/src/testing/manual-clock.ts'
import { NO_CHANNELS } from '../packages/server/src/testing/no-channels.ts'
import type { Report } from './report.ts'

const SECRETS = 10_000
/** Those whose window opens in the measurement. */
const ROTATED = 2_000
const LOOKS = 300
const PLACE = { account: '111122223333', region: 'us-east-1' }
const LAMBDA_ARN = `arn:aws:lambda:us-east-1:${PLACE.account}:function:rotator`
const POLICY = JSON.stringify({
  Version: '2012-10-17',
  Statement: [
    {
      Effect: 'Allow',
      Principal: { Service: 'secretsmanager.amazonaws.com' },
      Action: 'lambda:*',
      Resource: '*',
    },
  ],
})

export async function rotation(report: Report): Promise<void> {
  const clock = new ManualClock()
  await using store = await openTestStore({ kind: 'memory' }, clock)
  const { keyring } = await Keyring.create(openMemoryRootKey(systemRandom), systemRandom, clock.now())
  const before = process.memoryUsage.rss()
  const queued = await measured(() => fill(store, clock.now()))
  const grown = (process.memoryUsage.rss() - before) / 1024 / 1024
  report.note(
    `${SECRETS} secrets put on schedules: ${queued.cpuMs.toFixed(0)} ms of CPU, ${grown.toFixed(0)} MiB with the store's rows in memory.`,
  )
  const rooms = {
    store,
    keyring,
    clock,
    random: systemRandom,
    functions: mover(store),
    channels: NO_CHANNELS,
    bus: new Bus({ store, random: systemRandom }),
    metrics: new Metrics(),
  }
  await using scheduler = new Scheduler({ rooms, timer: systemTimer, logger: silentLogger, groups })
  const idle = await measured(async () => {
    for (let look = 0; look < LOOKS; look++) await scheduler.settle()
  })
  report.note(
    `A look at the queue while nothing is due, once a second: ${((idle.cpuMs * 1000) / LOOKS).toFixed(0)} µs of CPU.`,
  )
  clock.advance(15 * 3600)
  const busy = await measured(() => scheduler.settle())
  report.note(
    `${ROTATED} windows open at once, four steps each with nothing in them: ${(busy.cpuMs / ROTATED).toFixed(2)} ms of CPU for each rotation, ${(ROTATED / busy.seconds).toFixed(0)} rotations a second.`,
  )
}

async function measured(
  work: () => Promise<void>,
): Promise<{ readonly cpuMs: number; readonly seconds: number }> {
  const cpu = process.cpuUsage()
  const startedAt = performance.now()
  await work()
  const { user, system } = process.cpuUsage(cpu)
  return { cpuMs: (user + system) / 1000, seconds: (performance.now() - startedAt) / 1000 }
}

async function fill(store: Store, now: Date): Promise<void> {
  await store.write((tx) =>
    tx.functions.insert({
      ...PLACE,
      ...{
        name: 'rotator',
        arn: LAMBDA_ARN,
        description: '',
        runtime: 'nodejs24.x',
        handler: 'index.handler',
      },
      ...{ roleArn: `arn:aws:iam::${PLACE.account}:role/r`, timeoutSeconds: 3, memoryMb: 128 },
      ...{ code: { kind: 'directory', path: '/nowhere' } as const, policy: unbound(POLICY) },
      ...{ revisionId: systemRandom.uuid(), createdAt: now, modifiedAt: now },
    }),
  )
  for (let i = 0; i < SECRETS; i++) {
    const rules = { scheduleExpression: i < ROTATED ? 'rate(1 day)' : `rate(${2 + (i % 90)} days)` }
    const versionId = systemRandom.uuid()
    const arn = `arn:aws:secretsmanager:us-east-1:${PLACE.account}:secret:bench-${i}-AbCdEf`
    const secret: Secret = {
      ...PLACE,
      ...{ name: `bench-${i}`, arn, labels: new Map([['AWSCURRENT', versionId]]) },
      rotation: counted({ enabled: true, lambdaArn: LAMBDA_ARN, rules }, now),
      ...{ createdAt: now, changedAt: now },
    }
    await store.write(async (tx) => {
      await tx.secrets.insert(secret)
      await tx.secrets.addVersion(PLACE, arn, { id: versionId, createdAt: now })
      await queueWindowAfter(tx, secret, now, { random: systemRandom, now })
    })
  }
}

/** A rotation function that does the one thing that the engine looks at: it moves AWSCURRENT. */
function mover(store: Store): Functions {
  return {
    async invoke({ payload }) {
      const { Step, SecretId, ClientRequestToken } = JSON.parse(new TextDecoder().decode(payload))
      if (Step === 'finishSecret') {
        await store.write(async (tx) => {
          const secret = await tx.secrets.byArn(PLACE, SecretId)
          if (secret)
            await tx.secrets.update({
              ...secret,
              labels: new Map(secret.labels).set('AWSCURRENT', ClientRequestToken),
            })
        })
      }
      return { requestId: 'r', payload: new TextEncoder().encode('null'), logTail: '', durationMs: 1 }
    },
  }
}
