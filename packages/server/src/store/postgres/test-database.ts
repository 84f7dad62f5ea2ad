import { createHash } from 'node:crypto'
import pg from 'pg'
import { systemRandom } from '../../platform/random.ts'
import { migrations } from '../migrations/index.ts'
import { migrate } from '../migrations/runner.ts'
import { migrationTarget } from './migration-target.ts'
import { Pool } from './pool.ts'

/**
 * Where tests may make databases: a `postgres://` address. Absent in `npm test`, which needs nothing but Node; set by
 * `npm run conformance`, which starts a PostgreSQL.
 */
export const TEST_POSTGRES = process.env.LOCKSTEP_TEST_POSTGRES

/** A language that sorts and compares otherwise than by bytes, so that a column which does not say how is noticed. */
const ENGLISH = `template template0 encoding 'UTF8' locale_provider icu icu_locale 'en-US'`

/** A database of its own in a test's PostgreSQL, gone when disposed. */
export interface TestDatabase extends AsyncDisposable {
  readonly url: string
}

/** An empty one, as an operator would have made it. */
export function openEmptyDatabase(server: string): Promise<TestDatabase> {
  return create(server, ENGLISH)
}

/** Emptied, and waiting for the next test of this process: making one takes ten times as long as emptying it. */
const free: string[] = []

/** One whose migrations have run. What this process made of them stays until the test's PostgreSQL is thrown away. */
export async function openTestDatabase(server: string): Promise<TestDatabase> {
  const url =
    free.pop() ?? (await create(server, `template ${await template(server)} strategy file_copy`)).url
  return {
    url,
    async [Symbol.asyncDispose]() {
      await administer(url, await emptying(url))
      free.push(url)
    },
  }
}

let emptyingText: string | undefined

async function emptying(url: string): Promise<string> {
  if (emptyingText === undefined) {
    const tables = await rowsOf<{ name: string }>(
      url,
      `select tablename as name from pg_tables where schemaname = 'public' and tablename <> 'schema_migrations'`,
    )
    emptyingText = tables.map(({ name }) => `delete from ${name};`).join(' ')
  }
  return emptyingText
}

async function create(server: string, how: string): Promise<TestDatabase> {
  const name = newName()
  await administer(server, `create database ${name} ${how}`)
  return {
    url: urlOf(server, name),
    async [Symbol.asyncDispose]() {
      await administer(server, `drop database ${name} with (force)`)
    },
  }
}

/** Made once for each PostgreSQL and state of the migrations, by whichever test process comes first. */
async function template(server: string): Promise<string> {
  const { dialect } = migrationTarget(new Pool({ url: server, connections: 1, onLost() {} }))
  const statements = migrations.flatMap((migration) => migration.up(dialect))
  const name = `lockstep_${createHash('sha256').update(statements.join('\n')).digest('hex').slice(0, 32)}`
  if (await exists(server, name)) return name
  const draft = newName()
  await administer(server, `create database ${draft} ${ENGLISH}`)
  const pool = new Pool({ url: urlOf(server, draft), connections: 1, onLost() {} })
  await migrate(migrationTarget(pool), migrations, new Date(0))
  await pool.end()
  try {
    await administer(server, `alter database ${draft} rename to ${name}`)
  } catch (error) {
    if (!(await exists(server, name))) throw error
    await administer(server, `drop database ${draft}`)
  }
  return name
}

async function exists(server: string, name: string): Promise<boolean> {
  const found = await rowsOf(server, `select 1 from pg_database where datname = '${name}'`)
  return found.length > 0
}

function newName(): string {
  return `t_${systemRandom.uuid().replaceAll('-', '')}`
}

function urlOf(server: string, database: string): string {
  const url = new URL(server)
  url.pathname = `/${database}`
  return url.href
}

async function administer(url: string, text: string): Promise<void> {
  await rowsOf(url, text)
}

async function rowsOf<Row extends pg.QueryResultRow>(url: string, text: string): Promise<readonly Row[]> {
  const client = new pg.Client({ connectionString: url })
  await client.connect()
  try {
    return (await client.query<Row>(text)).rows
  } finally {
    await client.end()
  }
}
