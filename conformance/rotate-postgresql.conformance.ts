/** Built-in rotation of PostgreSQL roles, step by step as Lambda would call them, on a real database. */
import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { setImmediate as turn } from 'node:timers/promises'
import { STEPS } from '../packages/workers/src/rotation/rotator.ts'
import { needing } from './components.ts'
import { CuttingProxy } from './cutting-proxy.ts'
import { type DatabaseSecret, logIn, type Rotating, RotationWorld } from './rotation-world.ts'

const { test, before, after } = needing('postgresql')

const ROTATIONS = 30
/** More pieces than any step exchanges with the database. */
const MOST_PIECES = 200

let world: RotationWorld
before(async () => {
  world = await RotationWorld.start()
})
after(async () => {
  await world[Symbol.asyncDispose]()
})

const masterarn = () => ({ masterarn: world.masterArn })

/** The secret's labels after a rotation, and that the current value works. */
async function demandFinished({ arn }: Rotating, token: string): Promise<void> {
  const { VersionIdsToStages = {} } = await world.describe(arn)
  assert.deepEqual(VersionIdsToStages[token], ['AWSCURRENT'])
  assert.ok(!Object.values(VersionIdsToStages).flat().includes('AWSPENDING'), 'AWSPENDING is gone')
  await logIn(await world.current(arn))
}

test('row 21: thirty alternating rotations fail no login, neither of who fetches each time nor of who keeps what they had', async () => {
  const secret = await world.newUser('shop', masterarn())
  const failures: unknown[] = []
  const logins = { fetched: 0, held: 0 }
  const users = new Set<string>()
  let isOver = false
  let held: DatabaseSecret = await world.current(secret.arn)
  const reconnect = async (kind: keyof typeof logins, credentials: () => Promise<DatabaseSecret>) => {
    while (!isOver) {
      try {
        const mine = await credentials()
        users.add(mine.username)
        assert.equal(await logIn(mine), 'shop')
        logins[kind]++
      } catch (error) {
        failures.push(error)
      }
      await turn()
    }
  }
  const clients = [reconnect('fetched', () => world.current(secret.arn)), reconnect('held', async () => held)]
  for (let count = 0; count < ROTATIONS; count++) {
    // The holder keeps what was current before this rotation until just before the next.
    held = await world.current(secret.arn)
    await secret.rotate()
    await logIn(held)
  }
  isOver = true
  await Promise.all(clients)
  assert.deepEqual(failures, [])
  assert.deepEqual([...users].sort(), ['shop', 'shop_clone'])
  assert.ok(logins.fetched >= ROTATIONS && logins.held >= ROTATIONS, JSON.stringify(logins))
})

test('a single user is refused with the old password from setSecret on, which is why two alternate', async () => {
  const secret = await world.newUser('single')
  const held = await world.current(secret.arn)
  const token = randomUUID()
  await secret.step('createSecret', token)
  await logIn(held)
  await secret.step('setSecret', token)
  await assert.rejects(logIn(await world.current(secret.arn)), { code: '28P01' })
  await secret.step('testSecret', token)
  await secret.step('finishSecret', token)
  await demandFinished(secret, token)
  await assert.rejects(logIn(held), { code: '28P01' })
})

for (const mode of ['single', 'alternating'] as const) {
  const more = () => (mode === 'single' ? {} : masterarn())

  test(`${mode}: every step may run twice`, async () => {
    const secret = await world.newUser(`twice_${mode}`, more())
    for (let count = 0; count < 3; count++) {
      const token = randomUUID()
      for (const step of STEPS) {
        await secret.step(step, token)
        await secret.step(step, token)
      }
      await demandFinished(secret, token)
    }
  })

  test(`${mode}: all steps again, from the first, after being killed behind any of them`, async () => {
    const secret = await world.newUser(`killed_${mode}`, more())
    for (const [killedBehind] of STEPS.entries()) {
      const token = randomUUID()
      for (const step of STEPS.slice(0, killedBehind + 1)) await secret.step(step, token)
      for (const step of STEPS) await secret.step(step, token)
      await demandFinished(secret, token)
    }
  })

  for (const side of ['asked', 'answered'] as const) {
    test(`${mode}: a connection cut at any piece ${side} is mended by a repetition`, async () => {
      await using proxy = await CuttingProxy.start(world.postgres.port)
      const { port } = proxy
      const master = await world.newSecret({ username: 'postgres', password: world.postgres.password, port })
      const place = mode === 'single' ? { port } : { port, masterarn: master.arn }
      let cuts = 0
      for (const [name, victim] of [
        ['set', 'setSecret'],
        ['test', 'testSecret'],
      ] as const) {
        for (let pieces = 0; pieces < MOST_PIECES; pieces++) {
          const secret = await world.newUser(`cut_${mode}_${side}_${name}_${pieces}`, place)
          const token = randomUUID()
          await secret.step('createSecret', token)
          if (victim === 'testSecret') await secret.step('setSecret', token)
          proxy.arm({ side, after: pieces })
          const outcome = await secret.step(victim, token).then(
            () => 'done',
            () => 'failed',
          )
          const isThrough = proxy.disarm()
          if (!isThrough) cuts++
          if (isThrough) assert.equal(outcome, 'done')
          for (const step of STEPS) await secret.step(step, token)
          await demandFinished(secret, token)
          if (isThrough) break
        }
      }
      assert.ok(cuts > 10, `${cuts} cuts`)
    })
  }
}

test('no password reaches the log of PostgreSQL, which holds every statement, nor what the functions say', async () => {
  const passwords = new Set<string>()
  for (const more of [{}, masterarn()]) {
    const secret = await world.newUser(`logged_${passwords.size}`, more)
    for (let count = 0; count < 3; count++) {
      passwords.add((await world.current(secret.arn)).password)
      await secret.rotate()
    }
    passwords.add((await world.current(secret.arn)).password)
  }
  const { log } = world.postgres
  assert.match(log, /alter role session_user with password 'SCRAM-SHA-256\$/, 'the log holds the statements')
  assert.equal(passwords.size, 8)
  // The master's own is in the log since the cluster was made.
  assert.ok(
    !world.said.join('\n').includes(world.postgres.password),
    "a function printed the master's password",
  )
  for (const password of passwords) {
    assert.ok(!log.includes(password), 'the log holds a password')
    assert.ok(!world.said.join('\n').includes(password), 'a function printed a password')
  }
})
