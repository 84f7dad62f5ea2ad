/** Whatever the tests of the API and of the store say of SQLite, they say of PostgreSQL, too. */
import assert from 'node:assert/strict'
import { join } from 'node:path'
import { needing } from './components.ts'
import { Postgres } from './postgres.ts'
import { nameOf, type Outcome, runTests, SERVER_SOURCE, testFilesReaching } from './test-runs.ts'

const { test } = needing('postgresql')

/** What there is at least; a listing that finds less is broken. */
const LEAST_API_FILES = 100
const LEAST_API_TESTS = 900
const LEAST_CONTRACT_TESTS = 80
/** Of those that have nothing to say of an engine with many writers. */
const MOST_SKIPPED_CONTRACTS = 2

function server(): Promise<Postgres> {
  return Postgres.start({
    isDurable: false,
    asksPassword: false,
    settings: { max_connections: '300', autovacuum: 'off' },
  })
}

function demandPassed(outcomes: readonly Outcome[]): void {
  const failed = outcomes.filter(({ outcome }) => outcome === 'failed')
  const told = failed.map((one) => `${nameOf(one)}\n    ${one.reason.replaceAll('\n', '\n    ')}`)
  assert.equal(failed.length, 0, `${failed.length} of ${outcomes.length} tests fail:\n${told.join('\n')}`)
}

function named(outcomes: readonly Outcome[], which: Outcome['outcome']): readonly string[] {
  return outcomes
    .filter(({ outcome }) => outcome === which)
    .map(nameOf)
    .sort()
}

/** So many tests share the files, that each ends in its time. */
const PARTS = 4

test('the tests of the API are found', () => {
  const files = testFilesReaching('testing/server.ts')
  assert.ok(files.length >= LEAST_API_FILES, `only ${files.length} files start a server`)
})

for (let part = 0; part < PARTS; part++) {
  test(`every test of the API passes on PostgreSQL, none less than in memory, part ${part + 1}`, async () => {
    const files = testFilesReaching('testing/server.ts').filter((_, index) => index % PARTS === part)
    const inMemory = await runTests(files, { processes: 2 })
    assert.ok(inMemory.length >= LEAST_API_TESTS / PARTS, `only ${inMemory.length} tests were run`)
    await using postgres = await server()
    const env = { LOCKSTEP_TEST_POSTGRES: postgres.url('postgres') }
    const before = await transactionsOf(postgres)
    const outcomes = await runTests(files, { env, processes: 3 })
    demandPassed(outcomes)
    assert.deepEqual(named(outcomes, 'passed'), named(inMemory, 'passed'))
    const transactions = (await transactionsOf(postgres)) - before
    assert.ok(transactions > outcomes.length, 'the tests did not use PostgreSQL')
  })
}

test('every contract of the store holds on PostgreSQL, and what else is said of one', async () => {
  const sqlite = await runTests([join(SERVER_SOURCE, 'store/sqlite/contract.test.ts')], { processes: 1 })
  await using postgres = await server()
  const env = { LOCKSTEP_TEST_POSTGRES: postgres.url('postgres') }
  const api = new Set(testFilesReaching('testing/server.ts'))
  // The engine's own tests, and those of the rooms that speak to a database of either kind.
  const others = testFilesReaching('store/postgres/test-database.ts').filter((file) => !api.has(file))
  const outcomes = await runTests(others, { env, processes: 2 })
  demandPassed(outcomes)
  const passed = contractsIn(outcomes.filter(({ outcome }) => outcome === 'passed'))
  const missing = [...contractsIn(sqlite)].filter((name) => !passed.has(name))
  assert.ok(passed.size >= LEAST_CONTRACT_TESTS, `only ${passed.size} contracts were checked`)
  assert.ok(missing.length <= MOST_SKIPPED_CONTRACTS, `not checked: ${missing.join('; ')}`)
})

/** By where each is written, which both engines share. */
function contractsIn(outcomes: readonly Outcome[]): ReadonlySet<string> {
  return new Set(outcomes.filter(({ file }) => file.endsWith('.contract.ts')).map(nameOf))
}

async function transactionsOf(postgres: Postgres): Promise<number> {
  const [row] = await postgres.sql<{ n: string }>('select sum(xact_commit) as n from pg_stat_database')
  return Number(row?.n)
}
