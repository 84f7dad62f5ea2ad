import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  CancelRotateSecretCommand,
  CreateSecretCommand,
  DeleteSecretCommand,
  PutSecretValueCommand,
  RestoreSecretCommand,
  RotateSecretCommand,
  type SecretsManagerClient,
  UpdateSecretVersionStageCommand,
} from '@aws-sdk/client-secrets-manager'
import fc from 'fast-check'
import { silentLogger } from '../platform/logger.ts'
import { systemRandom } from '../platform/random.ts'
import { systemTimer } from '../platform/timer.ts'
import { LAMBDA_ARN, openScene, PLACE, stages } from '../rotation/scene.test-support.ts'
import type { Store } from '../store/store.ts'
import { NO_CHANNELS } from '../testing/no-channels.ts'
import { groups } from './index.ts'
import { Scheduler } from './scheduler.ts'

const LEASE_SECONDS = 61

type Scene = Awaited<ReturnType<typeof openScene>>

/** The store as a server sees it that dies with its `writes`-th write from now: the last one may be durable or not. */
function dyingStore(store: Store, writes: number, isLastDurable: boolean): Store {
  let left = writes
  return new Proxy(store, {
    get(target, name) {
      if (name !== 'write') {
        const member: unknown = Reflect.get(target, name, target)
        return typeof member === 'function' ? member.bind(target) : member
      }
      return async (...given: Parameters<Store['write']>) => {
        left--
        if (left < 0 || (left === 0 && !isLastDurable)) throw new Error('the server is dead')
        const answer = await target.write(...given)
        if (left === 0) throw new Error('the server is dead')
        return answer
      }
    },
  })
}

/** Runs what is due on a server that dies after so many writes. */
function runAndDie(scene: Scene, writes: number, isLastDurable: boolean): Promise<void> {
  return runOn(scene, dyingStore(scene.server.house.store, writes, isLastDurable))
}

/** Lets time pass and runs what is due then. */
function pass(scene: Scene, seconds = 0): Promise<void> {
  scene.server.clock.advance(seconds)
  return runOn(scene, scene.server.house.store)
}

async function runOn(scene: Scene, store: Store): Promise<void> {
  const { house, clock } = scene.server
  const rooms = {
    store,
    keyring: house.keyring,
    clock,
    random: systemRandom,
    functions: scene.rotator,
    channels: NO_CHANNELS,
    bus: house.bus,
    metrics: scene.server.metrics,
  }
  await using scheduler = new Scheduler({ rooms, timer: systemTimer, logger: silentLogger, groups })
  await scheduler.settle()
}

/** What must hold at every moment. */
async function check(scene: Scene, name: string): Promise<void> {
  const secret = await scene.server.house.store.read.secrets.byName(PLACE, name)
  if (!secret) return
  const current = secret.labels.get('AWSCURRENT')
  assert.ok(current, 'AWSCURRENT is lost')
  const version = await scene.server.house.store.read.secrets.version(PLACE, secret.arn, current)
  assert.ok(version?.value, 'AWSCURRENT is on a version without a value')
  for (const [label, holder] of secret.labels) {
    const held = await scene.server.house.store.read.secrets.version(PLACE, secret.arn, holder)
    assert.ok(held, `${label} is on a version that is gone`)
  }
  const versions = await scene.server.house.store.read.secrets.versions(PLACE, secret.arn)
  const labelled = new Set(secret.labels.values())
  const empty = versions.filter(({ id, value }) => !value && labelled.has(id))
  assert.ok(empty.length <= 1, 'two versions are reserved')
}

test('wherever a server dies, the rotation goes on, asks for no step that was done, and ends well', async () => {
  await using scene = await openScene()
  await scene.stopScheduler()
  let made = 0
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.tuple(fc.integer({ min: 1, max: 7 }), fc.boolean()), { maxLength: 4 }),
      async (deaths) => {
        const name = `crash-${++made}`
        await scene.secrets().send(new CreateSecretCommand({ Name: name, SecretString: 'one' }))
        scene.rotator.events.length = 0
        const { VersionId = '' } = await scene.rotate({ SecretId: name })
        for (const [writes, isLastDurable] of deaths) {
          await runAndDie(scene, writes, isLastDurable)
          await check(scene, name)
          scene.server.clock.advance(LEASE_SECONDS)
        }
        await pass(scene, LEASE_SECONDS)
        const described = await scene.describe(name)
        const held = Object.values(stages(described)).toSorted()
        assert.deepEqual(held, [['AWSCURRENT'], ['AWSPREVIOUS']], JSON.stringify(deaths))
        assert.deepEqual(stages(described)[VersionId], ['AWSCURRENT'])
        const order = ['createSecret', 'setSecret', 'testSecret', 'finishSecret']
        const asked = scene.rotator.steps().map((step) => order.indexOf(step))
        assert.deepEqual(asked, asked.toSorted(), 'a step was asked for after a later one')
        assert.deepEqual([...new Set(asked)], [0, 1, 2, 3])
      },
    ),
    { numRuns: 40 },
  )
})

type Meddling = 'rotate' | 'cancel' | 'put' | 'put-pending' | 'unpend' | 'delete' | 'restore' | 'die' | 'pass'

async function meddle(
  scene: Scene,
  secrets: SecretsManagerClient,
  SecretId: string,
  what: Meddling,
): Promise<unknown> {
  switch (what) {
    case 'rotate':
      return secrets.send(new RotateSecretCommand({ SecretId, RotationLambdaARN: LAMBDA_ARN }))
    case 'cancel':
      return secrets.send(new CancelRotateSecretCommand({ SecretId }))
    case 'put':
      return secrets.send(new PutSecretValueCommand({ SecretId, SecretString: 'mine' }))
    case 'put-pending':
      return secrets.send(
        new PutSecretValueCommand({ SecretId, SecretString: 'mine', VersionStages: ['AWSPENDING'] }),
      )
    case 'unpend': {
      const secret = await scene.server.house.store.read.secrets.byName(PLACE, SecretId)
      const RemoveFromVersionId = secret?.labels.get('AWSPENDING')
      const remove = { SecretId, VersionStage: 'AWSPENDING', RemoveFromVersionId }
      return secrets.send(new UpdateSecretVersionStageCommand(remove))
    }
    case 'delete':
      return secrets.send(new DeleteSecretCommand({ SecretId }))
    case 'restore':
      return secrets.send(new RestoreSecretCommand({ SecretId }))
    case 'die':
      return runAndDie(scene, 3, true)
    case 'pass':
      return pass(scene, 0)
  }
}

const meddlings = fc.constantFrom<Meddling>(
  ...([
    'rotate',
    'rotate',
    'cancel',
    'put',
    'put-pending',
    'unpend',
    'delete',
    'restore',
    'die',
    'pass',
  ] as const),
)

test('whatever others do between and during steps, no label is lost and no two rotations are under way', async () => {
  await using scene = await openScene()
  await scene.stopScheduler()
  let made = 0
  await fc.assert(
    fc.asyncProperty(
      fc.array(meddlings, { minLength: 2, maxLength: 10 }),
      fc.array(fc.option(meddlings), { maxLength: 8 }),
      async (before, during) => {
        const name = `meddled-${++made}`
        await scene.secrets().send(new CreateSecretCommand({ Name: name, SecretString: 'one' }))
        const underWay = new Set<string>()
        const inside = [...during]
        scene.rotator.meanwhile = async ({ SecretId, Step }) => {
          if (!SecretId.includes(`${name}-`)) return
          assert.ok(!underWay.has(SecretId), `two functions rotate one secret, one in ${Step}`)
          underWay.add(SecretId)
          const what = inside.shift()
          if (what && what !== 'die' && what !== 'pass') {
            await meddle(scene, scene.secrets(), name, what).catch(refused)
          }
          await check(scene, name)
          underWay.delete(SecretId)
        }
        for (const what of before) {
          await meddle(scene, scene.secrets(), name, what).catch(refused)
          await check(scene, name)
        }
        await pass(scene, LEASE_SECONDS)
        // After everything, the secret can be rotated again.
        scene.rotator.meanwhile = async () => {}
        for (const minutes of [1, 5, 15, 60]) await pass(scene, minutes * 60)
        const secrets = scene.secrets()
        await secrets.send(new RestoreSecretCommand({ SecretId: name }))
        await pass(scene, LEASE_SECONDS)
        await meddle(scene, secrets, name, 'unpend').catch(refused)
        await pass(scene)
        const { VersionId = '' } = await secrets.send(
          new RotateSecretCommand({ SecretId: name, RotationLambdaARN: LAMBDA_ARN }),
        )
        await pass(scene)
        assert.deepEqual(stages(await scene.describe(name))[VersionId], ['AWSCURRENT'])
      },
    ),
    { numRuns: 60 },
  )
})

/** What Secrets Manager answers to calls that come at the wrong time. */
function refused(error: unknown): void {
  assert.ok(error instanceof Error)
  assert.match(
    error.name,
    /^(InvalidRequest|InvalidParameter|ResourceNotFound)Exception$/,
    String(error.stack),
  )
}
