/** What an operator is told who points Lockstep at a database that it cannot use: a sentence, and no password. */
import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { GetCallerIdentityCommand, STSClient } from '@aws-sdk/client-sts'
import { needing } from './components.ts'
import { Fleet } from './fleet.ts'
import type { Environment } from './loopback.ts'
import { freePort, Postgres } from './postgres.ts'
import type { Ending } from './process.ts'
import { sdk } from './sdk.ts'
import { clockBy, lockstep, Scratch, Server } from './server.ts'
import { TcpProxy } from './tcp-proxy.ts'

const { test, before, after } = needing('postgresql')

const FAILED = 1
/** However silent the other end is. */
const TOLD_WITHIN_MS = 15_000
const HOUR_MS = 3_600_000
/** Starts of three servers at once. */
const ROUNDS = 3

let postgres: Postgres
before(async () => {
  postgres = await Postgres.start({ isDurable: false })
})
after(async () => {
  await postgres[Symbol.asyncDispose]()
})

/** `lockstep serve` on this database, to the end that it is to come to. */
async function start(url: string, env: Environment = {}): Promise<Ending> {
  using scratch = new Scratch()
  const place = ['--data', join(scratch.path, 'data'), '--listen', '127.0.0.1:0']
  const startedAt = performance.now()
  const server = lockstep(['serve', ...place], { ...env, LOCKSTEP_STORE: url })
  const ending = await server
  assert.ok(performance.now() - startedAt < TOLD_WITHIN_MS, 'it took too long to say so')
  return ending
}

function demandSentence({ code, stdout, stderr }: Ending, sentence: RegExp): void {
  assert.match(stderr, sentence)
  assert.equal(code, FAILED, stderr)
  assert.equal(stdout, '', 'it never was ready')
  assert.doesNotMatch(stderr, /\n\s+at /, 'a sentence, not a stack')
  assert.doesNotMatch(stderr, new RegExp(`${postgres.password}|postgres://|wrong-password`))
}

test('a database that is not there', async () => {
  demandSentence(await start(postgres.url('nowhere')), /no database of this name/)
})

test('a wrong password', async () => {
  const url = postgres.url('postgres', { password: 'wrong-password' })
  demandSentence(await start(url), /refused the user, the password/)
})

test('nobody at the address', async () => {
  const url = postgres.url('postgres', { port: await freePort() })
  demandSentence(await start(url), /cannot be reached/)
})

test('somebody at the address who says nothing', async () => {
  await using proxy = await TcpProxy.start(postgres.port)
  proxy.weather = 'silent'
  const url = postgres.url('postgres', { port: proxy.port })
  demandSentence(await start(url), /did not answer in time|cannot be reached/)
})

test('somebody at the address who is no PostgreSQL', async () => {
  const other = createServer((socket) => socket.end('HTTP/1.1 400 Bad Request\r\n\r\n'))
  await new Promise<void>((resolve) => other.listen(0, '127.0.0.1', resolve))
  const address = other.address()
  assert.ok(typeof address === 'object' && address)
  demandSentence(
    await start(postgres.url('postgres', { port: address.port })),
    /cannot be reached|no PostgreSQL/,
  )
  other.close()
})

test('a PostgreSQL that is too old', async () => {
  const url = await postgres.createDatabase('old')
  const [row] = await postgres.sql<{ server_version_num: string }>('show server_version_num')
  await using proxy = await TcpProxy.start(postgres.port)
  proxy.rewrite = [row?.server_version_num ?? '', '110022']
  demandSentence(await start(url.replace(`:${postgres.port}/`, `:${proxy.port}/`)), /PostgreSQL 12 or later/)
})

test('a user who may not make tables', async () => {
  await postgres.sql('create database foreign_database')
  demandSentence(await start(postgres.url('foreign_database')), /refused .* a right that Lockstep needs/)
})

test('too many connections', async () => {
  const url = await postgres.createDatabase('crowded')
  await postgres.sql('alter role lockstep connection limit 0')
  demandSentence(await start(url), /no connection to spare/)
  await postgres.sql('alter role lockstep connection limit -1')
})

test('a database that takes no writes', async () => {
  const url = await postgres.createDatabase('frozen')
  await postgres.sql('alter database frozen set default_transaction_read_only = on')
  demandSentence(await start(url), /takes no writes/)
})

test('a clock that is an hour ahead of the database’s', async () => {
  using scratch = new Scratch()
  const file = join(scratch.path, 'ahead')
  writeFileSync(file, String(HOUR_MS))
  demandSentence(await start(await postgres.createDatabase('skewed'), clockBy(file)), /clock is more than/)
})

for (const table of ['secrets (id int)', 'jobs (title text)', 'schema_migrations (version text)']) {
  test(`somebody else’s table ${table}, which stays as it was`, async () => {
    const name = `of_${table.split(' ')[0]}`
    const url = await postgres.createDatabase(name)
    await postgres.sql(`set role lockstep; create table ${table}; create table invoices (id int)`, {
      database: name,
    })
    const before = await columnsOf(name)
    demandSentence(await start(url), /tables of somebody else/)
    assert.deepEqual(
      (await columnsOf(name)).filter((column) => before.includes(column)),
      before,
    )
  })
}

/** Of somebody's tables in `public`. */
async function columnsOf(database: string): Promise<readonly string[]> {
  const rows = await postgres.sql<{ column: string }>(
    `select table_name || '.' || column_name as column from information_schema.columns
     where table_schema = 'public' order by 1`,
    { database },
  )
  return rows.map(({ column }) => column)
}

test('a schema of its own beside somebody else’s tables of the same names is enough', async () => {
  await postgres.createDatabase('shared')
  await postgres.sql('set role lockstep; create table secrets (id int); create schema lockstep', {
    database: 'shared',
  })
  const before = await columnsOf('shared')
  const url = `${postgres.url('shared')}?options=-c%20search_path%3Dlockstep`
  await using server = await Server.start({ env: { LOCKSTEP_STORE: url } })
  await server.stop()
  assert.deepEqual(await columnsOf('shared'), before)
})

test('a schema that a newer version has written, or another one', async () => {
  const url = await postgres.createDatabase('newer')
  {
    await using server = await Server.start({ env: { LOCKSTEP_STORE: url } })
    await server.stop()
  }
  await postgres.sql(`insert into schema_migrations values (999, 'later', 0)`, { database: 'newer' })
  demandSentence(await start(url), /written by a newer Lockstep: it has schema 999/)
  await postgres.sql(`delete from schema_migrations where number = 999`, { database: 'newer' })
  await postgres.sql(`update schema_migrations set name = 'other' where number = 2`, { database: 'newer' })
  demandSentence(await start(url), /schema 2 is 'other'/)
})

test('the root key of another installation, or none', async () => {
  const url = await postgres.createDatabase('keyed')
  {
    await using server = await Server.start({ env: { LOCKSTEP_STORE: url } })
    await server.stop()
  }
  demandSentence(await start(url), /root key/i)
})

test(`three servers that start at the same instant on an empty database all come up, ${ROUNDS} times`, async () => {
  for (let round = 1; round <= ROUNDS; round++) {
    const database = `race_${round}`
    await using fleet = await Fleet.prepare({ url: await postgres.createDatabase(database) })
    await Promise.all(fleet.indexes.map((index) => fleet.begin(index)))
    const [row] = await postgres.sql<Record<'accounts' | 'generations' | 'keys' | 'signing', string>>(
      `select (select count(*) from accounts) as accounts,
              (select count(*) from keyring_generations) as generations,
              (select count(*) from iam_access_keys) as keys,
              (select count(*) from trail_keys) as signing`,
      { database },
    )
    assert.deepEqual(row, { accounts: '1', generations: '1', keys: '1', signing: '1' })
    for (const index of fleet.indexes) assert.equal(await whoAt(fleet, index), await whoAt(fleet, 0))
    await fleet.stopAll()
  }
})

async function whoAt(fleet: Fleet, index: number): Promise<string> {
  return (await sdk(STSClient, fleet.caller(index)).send(new GetCallerIdentityCommand({}))).Arn ?? ''
}
