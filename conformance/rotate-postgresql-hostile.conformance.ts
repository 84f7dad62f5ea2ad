/** What nobody may get out of a rotation by writing a secret, naming a role or standing between. */
import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { PutSecretValueCommand } from '@aws-sdk/client-secrets-manager'
import pg from 'pg'
import { needing } from './components.ts'
import { type DatabaseSecret, logIn, type Rotating, RotationWorld } from './rotation-world.ts'

const { test, before, after } = needing('postgresql')

let world: RotationWorld
let victim: DatabaseSecret
before(async () => {
  world = await RotationWorld.start()
  victim = await world.current((await world.newUser('victim')).arn)
})
after(async () => {
  try {
    assert.equal(await logIn(victim), 'victim', 'the victim has kept the password')
  } finally {
    await world[Symbol.asyncDispose]()
  }
})

const masterarn = () => ({ masterarn: world.masterArn })

/** Puts a pending value that differs from the current one in these members. */
async function putPending({ arn }: Rotating, changes: object): Promise<string> {
  const token = randomUUID()
  const SecretString = JSON.stringify({ ...(await world.current(arn)), ...changes })
  const VersionStages = ['AWSPENDING']
  await world.secrets.send(
    new PutSecretValueCommand({ SecretId: arn, ClientRequestToken: token, SecretString, VersionStages }),
  )
  return token
}

/** Every role's name and stored password. */
async function stored(): Promise<ReadonlyMap<string, string>> {
  const rows = await world.postgres.sql<{ rolname: string; rolpassword: string | null }>(
    'select rolname, rolpassword from pg_authid',
  )
  return new Map(rows.map(({ rolname, rolpassword }) => [rolname, rolpassword ?? '']))
}

/** @returns The names of roles that differ after `act`. */
async function changedBy(act: () => Promise<unknown>): Promise<readonly string[]> {
  const old = await stored()
  await act()
  const now = await stored()
  return [...new Set([...old.keys(), ...now.keys()])].filter((name) => old.get(name) !== now.get(name)).sort()
}

async function demandRefusal(act: () => Promise<unknown>, words: RegExp): Promise<void> {
  assert.deepEqual(await changedBy(() => assert.rejects(act, words)), [])
}

const NAMES = [
  `quote"; alter role victim password 'x'; --`,
  `apostrophe'; drop role victim; --`,
  String.raw`back\slash\'`,
  'two words',
  'UPPER and lower',
  '$$dollar$$',
  '%s%n',
  'größe-密-🔑',
  `x${'y'.repeat(56)}`,
]

for (const name of NAMES) {
  test(`the role ${JSON.stringify(name)} is the one that changes, by itself and alternating`, async () => {
    const single = await world.newUser(name)
    assert.deepEqual(await changedBy(() => single.rotate()), [name])
    const alternating = await world.newSecret({ ...(await world.current(single.arn)), ...masterarn() })
    assert.deepEqual(await changedBy(() => alternating.rotate()), [`${name}_clone`])
    assert.deepEqual(await changedBy(() => alternating.rotate()), [name])
    assert.equal(await logIn(await world.current(alternating.arn)), name)
    assert.equal(await logIn(await world.current(alternating.arn, 'AWSPREVIOUS')), name)
  })
}

test('a database of any name can be the one to come to', async () => {
  const dbname = `quote"apostrophe'back\\slash 密`
  await world.postgres.sql(`create database ${pg.escapeIdentifier(dbname)}`)
  const secret = await world.newUser('of_database', { dbname, ...masterarn() })
  await secret.rotate()
  await logIn(await world.current(secret.arn))
})

test('names that PostgreSQL would cut or end early are refused', async () => {
  const cases: readonly [object, RegExp][] = [
    [{ username: 'victim\0' }, /username has characters/],
    [{ username: 'x\0database\0victim' }, /username has characters/],
    [{ username: `victim${'x'.repeat(1018)}` }, /username has more than 63 bytes/],
    [{ username: `${'密'.repeat(21)}x` }, /username has more than 63 bytes/],
    [{ dbname: 'postgres\0options\0-csession_preload_libraries=x' }, /dbname has characters/],
    [{ dbname: 'd'.repeat(1024) }, /dbname has more than 63 bytes/],
    [{ host: '/var/run/postgresql' }, /host is not a host name/],
    [{ password: 'a\0b' }, /password has characters/],
    [{ engine: 'mysql' }, /engine is not 'postgres'/],
    [{ port: '5432; x' }, /port is not a port/],
  ]
  const secret = await world.newUser('cut')
  for (const [changes, words] of cases) {
    const token = await putPending(secret, changes)
    await demandRefusal(() => secret.step('setSecret', token), words)
    const hostile = await world.newSecret({ ...(await world.current(secret.arn)), ...changes })
    await demandRefusal(() => hostile.step('createSecret', randomUUID()), words)
  }
})

const PASSWORDS = [
  `'; alter role victim password 'x`,
  String.raw`\'; \\ $$ %s`,
  'pass word',
  'größe 密 🔑',
  'ﬁ ligature, \u00a0no-break space, soft\u00adhyphen',
  'SCRAM-SHA-256$4096:c2FsdA==$x:y',
  'md5abcdef0123456789abcdef0123456789',
  'tab\tand\nnewline',
  'k'.repeat(1024),
]

for (const password of PASSWORDS) {
  test(`the password ${JSON.stringify(password).slice(0, 40)} is set as it is, and logs in`, async () => {
    const name = `password_${PASSWORDS.indexOf(password)}`
    for (const more of [{}, masterarn()]) {
      const secret = await world.newUser(`${name}${'masterarn' in more ? '_two' : ''}`, more)
      const { username } = await world.current(secret.arn)
      const next = 'masterarn' in more ? `${username}_clone` : username
      const token = await putPending(secret, { username: next, password })
      assert.deepEqual(await changedBy(() => secret.step('setSecret', token)), [next])
      await secret.step('testSecret', token)
      await secret.step('finishSecret', token)
      assert.equal(await logIn(await world.current(secret.arn)), username)
    }
  })
}

test('a password that clients would send differently is refused', async () => {
  const secret = await world.newUser('differently')
  for (const password of ['bell\u0007 and \u00a0', 'אﬁ', '\u00ad', '\ue000ﬁ', '\u{1f642}ﬁ']) {
    const token = await putPending(secret, { password })
    await demandRefusal(() => secret.step('setSecret', token), /not every client would send alike/)
  }
})

test('a pending value for another role, server or port is refused', async () => {
  const single = await world.newUser('deputy')
  const alternating = await world.newUser('deputy_two', masterarn())
  for (const secret of [single, alternating]) {
    for (const username of ['victim', 'victim_clone', 'postgres']) {
      const token = await putPending(secret, { username, password: 'taken' })
      await demandRefusal(() => secret.step('setSecret', token), /username of the AWSPENDING value is not/)
    }
    const { username } = await world.current(secret.arn)
    const next = secret === single ? username : `${username}_clone`
    for (const place of [{ host: 'localhost' }, { port: 1 }]) {
      const token = await putPending(secret, { username: next, ...place })
      await demandRefusal(() => secret.step('setSecret', token), /host or port of the AWSPENDING value/)
    }
  }
})

test("whoever cannot log in as the secret's user gets nothing from the master", async () => {
  const secret = await world.newSecret({ username: 'victim', password: 'guessed', ...masterarn() })
  const token = randomUUID()
  await secret.step('createSecret', token)
  await demandRefusal(() => secret.step('setSecret', token), /does not let in the AWSCURRENT user/)
})

test('a user named like a clone does not get the role that it is named after', async () => {
  const attacker = await world.newUser('victim_clone', masterarn())
  const token = await putPending(attacker, { username: 'victim', password: 'taken' })
  await demandRefusal(() => attacker.step('setSecret', token), /no member of the original role/)
  // Nor may the owner of `x` take over an `x_clone` that is somebody else's.
  await world.newUser('other_clone')
  const owner = await world.newUser('other', masterarn())
  const theirs = await putPending(owner, { username: 'other_clone', password: 'taken' })
  await demandRefusal(() => owner.step('setSecret', theirs), /no member of the original role/)
  const orphan = await world.newUser('orphan_clone', masterarn())
  const last = await putPending(orphan, { username: 'orphan', password: 'taken' })
  await demandRefusal(() => orphan.step('setSecret', last), /no role of the original username/)
})

test("a master of another server, the secret's own user as master, and no master are refused", async () => {
  const { password } = world.postgres
  const elsewhere = await world.newSecret({ username: 'postgres', password, host: 'localhost' })
  const secret = await world.newUser('mastered', { masterarn: elsewhere.arn })
  const token = randomUUID()
  await secret.step('createSecret', token)
  await demandRefusal(() => secret.step('setSecret', token), /host or port of the secret of masterarn/)

  const own = await world.newUser('own_master')
  const self = await world.newSecret({ ...(await world.current(own.arn)), masterarn: own.arn })
  const mine = randomUUID()
  await self.step('createSecret', mine)
  await demandRefusal(() => self.step('setSecret', mine), /secret's own user/)

  const nobody = await world.newUser('no_master', { masterarn: `${own.arn.slice(0, -6)}zzzzzz` })
  const none = randomUUID()
  await nobody.step('createSecret', none)
  await demandRefusal(() => nobody.step('setSecret', none), /The secret of masterarn: .*no value/)
})
