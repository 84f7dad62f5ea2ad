/** RotateSecret with the built-in function, from Amazon's SDK to the roles of a real database. */
import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { setTimeout as sleep, setImmediate as turn } from 'node:timers/promises'
import { RotateSecretCommand } from '@aws-sdk/client-secrets-manager'
import { needing } from './components.ts'
import { type DatabaseSecret, logIn, RotationWorld } from './rotation-world.ts'

const { test, before, after } = needing('postgresql')

const ROTATIONS = 10
/** Each step is a process of its own, on a machine that does much else. */
const ROTATED_WITHIN_MS = 60_000
const LOOK_AGAIN_MS = 100

let world: RotationWorld
before(async () => {
  world = await RotationWorld.start()
})
after(async () => {
  await world[Symbol.asyncDispose]()
})

/** The built-in function in the account and region of a secret. */
function builtIn(secretArn: string, name: string): string {
  const [, partition, , region, account] = secretArn.split(':')
  return `arn:${partition}:lambda:${region}:${account}:function:${name}`
}

/** Begins a rotation and waits until Secrets Manager says that it is over. */
async function rotate(SecretId: string, functionName = 'lockstep-rotate-postgresql'): Promise<void> {
  const { LastRotatedDate: before } = await world.describe(SecretId)
  const { VersionId = '' } = await world.secrets.send(
    new RotateSecretCommand({ SecretId, RotationLambdaARN: builtIn(SecretId, functionName) }),
  )
  const limit = performance.now() + ROTATED_WITHIN_MS
  for (;;) {
    const { LastRotatedDate: now, VersionIdsToStages = {} } = await world.describe(SecretId)
    if (now && now.getTime() !== before?.getTime()) {
      assert.deepEqual(VersionIdsToStages[VersionId], ['AWSCURRENT'])
      assert.ok(!Object.values(VersionIdsToStages).flat().includes('AWSPENDING'))
      return
    }
    assert.ok(performance.now() < limit, `not rotated: ${JSON.stringify(VersionIdsToStages)}`)
    await sleep(LOOK_AGAIN_MS)
  }
}

test('rows 14, 15, 17, 21: rotations with alternating users under clients that reconnect fail no login', async () => {
  const secret = await world.newUser('shop', { masterarn: world.masterArn })
  const failures: unknown[] = []
  const users = new Set<string>()
  let isOver = false
  let held: DatabaseSecret = await world.current(secret.arn)
  const reconnect = async (credentials: () => Promise<DatabaseSecret>) => {
    while (!isOver) {
      try {
        const mine = await credentials()
        users.add(mine.username)
        assert.equal(await logIn(mine), 'shop')
      } catch (error) {
        failures.push(error)
      }
      await turn()
    }
  }
  const clients = [reconnect(() => world.current(secret.arn)), reconnect(async () => held)]
  try {
    for (let count = 0; count < ROTATIONS; count++) {
      held = await world.current(secret.arn)
      await rotate(secret.arn)
      await logIn(held)
    }
  } finally {
    isOver = true
    await Promise.all(clients)
  }
  assert.deepEqual(failures, [])
  assert.deepEqual([...users].sort(), ['shop', 'shop_clone'])
})

test('a single user gets a password that works, and the one before does not any more', async () => {
  const secret = await world.newUser('single')
  const old = await world.current(secret.arn)
  await rotate(secret.arn)
  await logIn(await world.current(secret.arn))
  await assert.rejects(logIn(old), { code: '28P01' })
})

test('row 24: a random password takes its member’s place, and the others stay', async () => {
  const secret = await world.newSecret({ username: `nobody-${randomUUID()}`, password: 'old' })
  const old = await world.current(secret.arn)
  await rotate(secret.arn, 'lockstep-rotate-random-password')
  const { password, ...others } = await world.current(secret.arn)
  assert.match(password, /^.{32}$/)
  assert.deepEqual({ ...others, password: 'old' }, old)
})
