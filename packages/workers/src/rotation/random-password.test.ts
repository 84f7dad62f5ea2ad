import assert from 'node:assert/strict'
import { test } from 'node:test'
import { handler, randomPassword } from './random-password.ts'
import { type Bench, bench } from './rotation.test-support.ts'
import { STEPS } from './rotator.ts'
import { putPending } from './secret-versions.ts'

async function rotated(world: Bench, environment: Readonly<Record<string, string>> = {}): Promise<string> {
  for (const step of STEPS) await randomPassword(environment)[step](world.run)
  return (await world.text('AWSCURRENT')) ?? ''
}

test('a plain string becomes another of 32 characters, none of them one that AWS leaves out', async () => {
  for (const plain of ['correct horse', '12345', '"quoted"', '[1]', '{not json}', 'null']) {
    await using world = await bench(plain)
    assert.match(await rotated(world), /^[^:/@"'\\]{32}$/)
    assert.equal(await world.text('AWSPREVIOUS'), plain)
  }
})

test('of a JSON object only the member changes, and every other byte stays', async () => {
  await using world = await bench(
    '{ "user" : "ada", "password":"old" ,"n":1.0,\n"big":12345678901234567890 }',
  )
  const text = await rotated(world)
  assert.match(text, /^\{ "user" : "ada", "password":"[^"]{32}" ,"n":1\.0,\n"big":12345678901234567890 \}$/)
})

test('the member, length and alphabet are those of the environment', async () => {
  await using world = await bench('{"password":"kept","apiKey":"old"}')
  const text = await rotated(world, {
    PASSWORD_MEMBER: 'apiKey',
    PASSWORD_LENGTH: '12',
    EXCLUDE_PUNCTUATION: 'true',
    EXCLUDE_UPPERCASE: 'yes',
    EXCLUDE_LOWERCASE: '1',
  })
  assert.match(text, /^\{"password":"kept","apiKey":"\d{12}"\}$/)
})

test('a member that is absent is added, also to a secret that has no value yet', async () => {
  await using empty = await bench('{}')
  assert.match(await rotated(empty), /^\{"password":"[^"]{32}"\}$/)
  await using none = await bench()
  assert.match(await rotated(none, { PASSWORD_MEMBER: 'pin' }), /^\{"pin":"[^"]{32}"\}$/)
  await using plain = await bench()
  assert.match(await rotated(plain), /^.{32}$/)
})

test('createSecret again, or in two processes at once, leaves the first value', async () => {
  await using world = await bench('old')
  const rotator = randomPassword({})
  await Promise.all([1, 2, 3].map(() => rotator.createSecret(world.run)))
  const first = await world.text('AWSPENDING')
  await rotator.createSecret(world.run)
  assert.equal(await world.text('AWSPENDING'), first)
  assert.equal(await world.text('AWSCURRENT'), 'old')
})

test('a binary secret, a broken object and a plain string where a member is named are refused, unquoted', async () => {
  const rotator = randomPassword({ PASSWORD_MEMBER: 'password' })
  await using binary = await bench(new Uint8Array([1, 2, 3]))
  await assert.rejects(rotator.createSecret(binary.run), /AWSCURRENT value is SecretBinary/)
  await using plain = await bench('hunter2')
  await assert.rejects(rotator.createSecret(plain.run), { message: 'The secret is not a JSON object.' })
  await using broken = await bench('{"password":"hunter2",}')
  await assert.rejects(randomPassword({}).createSecret(broken.run), {
    message: 'The secret is not a JSON object.',
  })
  await using twice = await bench('{"password":"a","password":"b"}')
  await assert.rejects(rotator.createSecret(twice.run), /more than once/)
})

test('testSecret fails where there is no password to read', async () => {
  const cases: readonly [string | undefined, RegExp][] = [
    [undefined, /no value/],
    ['{"user":"ada"}', /no password/],
    ['{"password":""}', /no password/],
    ['{"password":7}', /no password/],
  ]
  for (const [pending, words] of cases) {
    await using world = await bench('old')
    if (pending !== undefined) await putPending(world.run, pending)
    await assert.rejects(randomPassword({}).testSecret(world.run), words)
  }
})

test('a wrong environment is told whole, before a password is asked for', async () => {
  await using world = await bench('old')
  const rotator = randomPassword({ PASSWORD_LENGTH: '0', EXCLUDE_NUMBERS: 'perhaps' })
  await assert.rejects(rotator.createSecret(world.run), /wrong: PASSWORD_LENGTH, EXCLUDE_NUMBERS\./)
})

test('the module is a Lambda by itself', async () => {
  await assert.rejects(handler({ Step: 'createSecret' }), /no SecretId/)
})
