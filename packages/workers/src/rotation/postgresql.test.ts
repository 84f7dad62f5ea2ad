import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { test } from 'node:test'
import { handler, postgresql } from './postgresql.ts'
import { bench } from './rotation.test-support.ts'
import { putPending } from './secret-versions.ts'

const rotator = postgresql({ environment: {}, randomBytes })

test('one user keeps the name and gets a password, and the rest of the secret stays as it was', async () => {
  await using world = await bench(
    '{ "engine":"postgres", "host":"db", "username":"app", "password":"old", "port" : "5432", "mine": [1.0] }',
  )
  await rotator.createSecret(world.run)
  assert.match(
    (await world.text('AWSPENDING')) ?? '',
    /^\{ "engine":"postgres", "host":"db", "username":"app", "password":"[^:/@"'\\]{32}", "port" : "5432", "mine": \[1\.0\] \}$/,
  )
})

test('with a master the name alternates between the user and its clone', async () => {
  for (const [username, next] of [
    ['app', 'app_clone'],
    ['app_clone', 'app'],
  ]) {
    await using world = await bench(
      JSON.stringify({ engine: 'postgres', host: 'db', username, password: 'old', masterarn: 'arn:master' }),
    )
    await rotator.createSecret(world.run)
    assert.equal(JSON.parse((await world.text('AWSPENDING')) ?? '').username, next)
  }
})

test('a secret that is no database secret is refused before anything is put', async () => {
  await using world = await bench('{"engine":"postgres","host":"db","username":"app"}')
  await assert.rejects(rotator.createSecret(world.run), /password is missing/)
  assert.equal(await world.labels(), undefined)
})

test('setSecret refuses a pending user that does not follow, before any connection', async () => {
  const secret = { engine: 'postgres', host: 'db.invalid', username: 'app', password: 'old' }
  for (const [more, words] of [
    [{ username: 'postgres' }, /username of the AWSPENDING value/],
    [{ host: 'elsewhere.invalid' }, /host or port of the AWSPENDING value/],
  ] as const) {
    await using world = await bench(JSON.stringify(secret))
    await putPending(world.run, JSON.stringify({ ...secret, ...more }))
    await assert.rejects(rotator.setSecret(world.run), words)
  }
})

test('the module is a Lambda by itself', async () => {
  await assert.rejects(handler({ Step: 'setSecret' }), /no SecretId/)
})
