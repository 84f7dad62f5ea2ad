import assert from 'node:assert/strict'
import { test } from 'node:test'
import { openSnapshot } from '../store/open.ts'
import { openTestDatabase, TEST_POSTGRES } from '../store/postgres/test-database.ts'
import { openTestStore } from '../store/test-store.ts'
import { Scratch } from './model.test-support.ts'
import { everyTable, NEWEST_SCHEMA, tablesAt } from './tables.ts'

test('every table that a server has moves, or is left behind by name', async () => {
  using scratch = new Scratch()
  const store = scratch.store('store')
  await using _open = await openTestStore(store)
  await using snapshot = await openSnapshot(store)
  const rows = await snapshot.sql.rows<{ name: string }>(
    `select name from sqlite_schema where type = 'table'`,
  )
  const known = await everyTable('installation_facts')
  assert.deepEqual(rows.map(({ name }) => name).sort(), [...known].sort())
})

test('what a server keeps for its callers moves; what only tells of running servers does not', async () => {
  const names = (await tablesAt(NEWEST_SCHEMA)).map(({ name }) => name)
  for (const kept of [
    'secrets',
    'secret_versions',
    'kms_materials',
    'iam_access_keys',
    'keyring_generations',
    'jobs',
  ])
    assert.ok(names.includes(kept), kept)
  for (const left of ['servers', 'topic_revisions', 'schema_migrations'])
    assert.ok(!names.includes(left), left)
})

test('an older schema has the columns that it had', async () => {
  const columnsAt = async (schema: number) =>
    (await tablesAt(schema)).find(({ name }) => name === 'trail_terms')?.columns.map(({ name }) => name)
  assert.deepEqual(await columnsAt(6), ['account', 'region', 'attribute', 'value', 'bucket'])
  assert.ok((await columnsAt(7))?.includes('lane'))
})

test('PostgreSQL has the same tables with the same columns and keys', {
  skip: TEST_POSTGRES ? false : 'LOCKSTEP_TEST_POSTGRES names no PostgreSQL; npm run conformance does',
}, async () => {
  await using database = await openTestDatabase(TEST_POSTGRES ?? '')
  const store = { kind: 'postgres', url: database.url } as const
  await using _open = await openTestStore(store)
  await using snapshot = await openSnapshot(store)
  const found = await snapshot.sql.rows<{ name: string; column: string; type: string; place: number | null }>(
    `select c.table_name as name, c.column_name as "column", c.data_type as type, k.ordinal_position as place
       from information_schema.columns c
       join information_schema.tables t on t.table_schema = c.table_schema and t.table_name = c.table_name
       left join information_schema.table_constraints p on p.table_schema = c.table_schema
         and p.table_name = c.table_name and p.constraint_type = 'PRIMARY KEY'
       left join information_schema.key_column_usage k on k.constraint_schema = p.constraint_schema
         and k.constraint_name = p.constraint_name and k.table_name = c.table_name and k.column_name = c.column_name
       where c.table_schema = current_schema() and t.table_type = 'BASE TABLE'`,
  )
  const tables = await tablesAt(NEWEST_SCHEMA)
  assert.deepEqual(
    [...new Set(found.map(({ name }) => name))].sort(),
    [...(await everyTable('installation_facts'))].sort(),
  )
  const types = { integer: 'bigint', text: 'text', bytes: 'bytea' } as const
  for (const { name, columns, key } of tables) {
    const own = found.filter((row) => row.name === name)
    assert.deepEqual(
      own.map(({ column, type }) => `${column} ${type}`).sort(),
      columns.map((column) => `${column.name} ${types[column.kind]}`).sort(),
      name,
    )
    const ownKey = own.filter(({ place }) => place !== null).sort((a, b) => Number(a.place) - Number(b.place))
    assert.deepEqual(
      ownKey.map(({ column }) => column),
      key,
      name,
    )
  }
})
