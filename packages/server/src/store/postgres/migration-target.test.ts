import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import pg from 'pg'
import { migrations } from '../migrations/index.ts'
import { migrate } from '../migrations/runner.ts'
import { migrationTarget } from './migration-target.ts'
import { Pool } from './pool.ts'
import { entry, openServer, PLACE, recordedNumbers, skip } from './stores.test-support.ts'
import { openEmptyDatabase, TEST_POSTGRES } from './test-database.ts'

const NEXT = {
  number: migrations.length + 1,
  name: 'next',
  up: () => ['alter table jobs add column more bigint', 'alter table secrets add column more text'],
}

async function ask(url: string, text: string): Promise<readonly pg.QueryResultRow[]> {
  const client = new pg.Client({ connectionString: url })
  await client.connect()
  try {
    return (await client.query(text)).rows
  } finally {
    await client.end()
  }
}

describe('migrations', { skip }, () => {
  test('of five servers that start at once on an empty database run once each', async () => {
    await using database = await openEmptyDatabase(TEST_POSTGRES ?? '')
    const servers = await Promise.all(Array.from({ length: 5 }, () => openServer(database.url)))
    await using parts = new AsyncDisposableStack()
    for (const server of servers) parts.use(server)
    const rows = await ask(database.url, 'select number from schema_migrations order by number')
    assert.deepEqual(
      rows.map(({ number }) => Number(number)),
      migrations.map(({ number }) => number),
    )
    await Promise.all(servers.map(({ store }, number) => store.record(entry(number))))
    assert.deepEqual(await recordedNumbers(servers[0]?.store ?? assert.fail()), [0, 1, 2, 3, 4])
  })

  test('of a newer version fail no call of a server that runs, and are refused by one that starts', async () => {
    await using database = await openEmptyDatabase(TEST_POSTGRES ?? '')
    await using server = await openServer(database.url)
    const { store } = server
    const job = (key: string) => ({ ...PLACE, id: 'id', kind: 'k', key, runAt: new Date(0), payload: {} })
    const calls = () =>
      Promise.all(
        Array.from({ length: 24 }, async (_, i) => {
          await store.write(async (tx) => {
            await tx.jobs.find(PLACE, 'k', 'a')
            await tx.jobs.queue(job(`${i}`))
          })
          assert.ok(await store.read.jobs.find(PLACE, 'k', `${i}`))
        }),
      )
    // So that every connection keeps its statements prepared, with the columns of before.
    await calls()
    const pool = new Pool({ url: database.url, connections: 1, onLost() {} })
    await migrate(migrationTarget(pool), [...migrations, NEXT], new Date(0))
    await pool.end()
    await calls()
    await assert.rejects(openServer(database.url), { name: 'SchemaMismatch', message: /newer Lockstep/ })
  })

  test('leave a database of somebody else alone, and say so', async () => {
    await using database = await openEmptyDatabase(TEST_POSTGRES ?? '')
    await ask(database.url, 'create table schema_migrations (version text)')
    await assert.rejects(openServer(database.url), { name: 'SchemaMismatch', message: /somebody else/ })
    await ask(database.url, 'drop table schema_migrations; create table secrets (id int)')
    await assert.rejects(openServer(database.url), { name: 'SchemaMismatch', message: /somebody else/ })
  })
})
