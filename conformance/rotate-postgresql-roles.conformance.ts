/** What a clone is: whatever the original may and has, so that an application does not notice whose turn it is. */
import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import pg from 'pg'
import { needing } from './components.ts'
import { type DatabaseSecret, logIn, RotationWorld } from './rotation-world.ts'

const { test, before, after } = needing('postgresql')

/** A connection attempt has 5 s; the rest is this machine's. */
const HANGS_AT_MOST_MS = 15_000

let world: RotationWorld
before(async () => {
  world = await RotationWorld.start()
})
after(async () => {
  await world[Symbol.asyncDispose]()
})

const masterarn = () => ({ masterarn: world.masterArn })

async function as<Row extends pg.QueryResultRow>(
  secret: DatabaseSecret,
  text: string,
): Promise<readonly Row[]> {
  const client = new pg.Client({ ...secret, user: secret.username, database: secret.dbname, ssl: false })
  client.on('error', () => {})
  try {
    await client.connect()
    return (await client.query<Row>(text)).rows
  } finally {
    await client.end()
  }
}

test('what the clone creates is the original’s, and the other way round', async () => {
  const secret = await world.newUser('maker', masterarn())
  await as(await world.current(secret.arn), 'create table maker.one (n int)')
  for (const table of ['two', 'three']) {
    await secret.rotate()
    const current = await world.current(secret.arn)
    await as(current, `create table maker.${table} (n int); alter table maker.one add column ${table} int`)
    await as(current, `insert into maker.${table} values (1)`)
  }
  const owners = await world.postgres.sql<{ tableowner: string }>(
    "select distinct tableowner from pg_tables where schemaname = 'maker'",
  )
  assert.deepEqual(owners, [{ tableowner: 'maker' }])
})

test('attributes, settings and memberships of the original hold for the clone, also when they change', async () => {
  const attributes = `select rolsuper, rolcreaterole, rolcreatedb, rolreplication, rolbypassrls, rolconnlimit,
    coalesce(nullif(rolvaliduntil, 'infinity')::text, '') as until from pg_roles where rolname = $1`
  const of = async (name: string) => (await world.postgres.sql(attributes, { values: [name] }))[0]
  const settings = `select current_setting('search_path') as path, current_setting('app.tenant', true) as tenant,
    current_setting('work_mem') as memory, current_user::text as user`
  const secret = await world.newUser('rich', masterarn())
  await world.postgres.sql('create database other')
  await world.postgres.sql('create role readers; create table rights (n int)')
  await world.postgres.sql(`grant select on rights to readers; grant readers to rich;
    alter role rich createrole createdb replication bypassrls connection limit 7 valid until '2099-01-02 03:04:05';
    alter role rich set search_path to "odd, ""name", public; alter role rich set app.tenant to 'it''s \\ "x"';
    alter role rich in database postgres set work_mem to '9MB'; alter role rich in database other set work_mem to '8MB'`)
  const original = await as(await world.current(secret.arn), settings)

  await secret.rotate()
  const clone = await world.current(secret.arn)
  assert.equal(clone.username, 'rich_clone')
  assert.deepEqual(await of('rich_clone'), await of('rich'))
  assert.deepEqual(await as(clone, settings), original)
  assert.deepEqual(await as({ ...clone, dbname: 'other' }, 'show work_mem'), [{ work_mem: '8MB' }])
  await as(clone, 'select * from public.rights')

  await secret.rotate()
  await world.postgres.sql(
    `alter role rich nocreaterole nocreatedb noreplication nobypassrls connection limit -1 valid until 'infinity';
     alter role rich reset all; alter role rich in database postgres reset work_mem`,
  )
  await secret.rotate()
  assert.deepEqual(await of('rich_clone'), await of('rich'))
  const plain = await as(await world.current(secret.arn), settings)
  assert.deepEqual(plain, [{ path: '"$user", public', tenant: null, memory: '4MB', user: 'rich' }])
})

test('a master that is no superuser can make a clone', async () => {
  const password = `owner-${randomUUID()}`
  await world.postgres.sql(`create role owner login createrole password '${password}'`)
  const master = await world.newSecret({ username: 'owner', password })
  const secret = await world.newUser('humble', { masterarn: master.arn })
  for (let count = 0; count < 3; count++) {
    await secret.rotate()
    assert.equal(await logIn(await world.current(secret.arn)), 'humble')
  }
})

test('a role that acts as another by default changes its own password all the same', async () => {
  await world.postgres.sql('create role acted')
  const single = await world.newUser('actor')
  const alternating = await world.newUser('actor_two', masterarn())
  await world.postgres.sql(`grant acted to actor, actor_two; alter role actor set role to acted;
    alter role actor_two set role to acted`)
  for (const secret of [single, alternating]) {
    for (let count = 0; count < 2; count++) {
      await secret.rotate()
      assert.equal(await logIn(await world.current(secret.arn)), 'acted')
    }
  }
})

test('setSecret at the same time in two processes leaves one password that works', async () => {
  for (const more of [{}, masterarn()]) {
    const secret = await world.newUser(`at_once_${'masterarn' in more}`, more)
    const token = randomUUID()
    await secret.step('createSecret', token)
    await Promise.allSettled([1, 2, 3].map(() => secret.step('setSecret', token)))
    for (const step of ['setSecret', 'testSecret', 'finishSecret'] as const) await secret.step(step, token)
    await logIn(await world.current(secret.arn))
  }
})

test('a password that was changed in the database behind the secret is found in AWSPREVIOUS, or nothing changes', async () => {
  const secret = await world.newUser('restored')
  const before = await world.current(secret.arn)
  await secret.rotate()
  // As after the database was restored from a backup.
  await world.postgres.sql(`alter role restored password '${before.password}'`)
  await secret.rotate()
  await logIn(await world.current(secret.arn))
  await world.postgres.sql("alter role restored password 'nobody-knows'")
  await assert.rejects(secret.rotate(), /with none of the AWSPENDING, AWSCURRENT and AWSPREVIOUS passwords/)
  await logIn({ ...before, password: 'nobody-knows' })
})

test('a database that hangs is given up on, and the rotation goes on when it is back', async () => {
  const secret = await world.newUser('patient', masterarn())
  const token = randomUUID()
  await secret.step('createSecret', token)
  const startedAt = performance.now()
  world.postgres.freeze()
  try {
    await assert.rejects(secret.step('setSecret', token), /does not answer in time/)
  } finally {
    world.postgres.thaw()
  }
  assert.ok(performance.now() - startedAt < HANGS_AT_MOST_MS)
  for (const step of ['createSecret', 'setSecret', 'testSecret', 'finishSecret'] as const) {
    await secret.step(step, token)
  }
  await logIn(await world.current(secret.arn))
})
