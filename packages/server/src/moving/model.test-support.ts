import { randomInt } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { openMemoryRootKey } from '../keyring/root-keys/memory.ts'
import { systemRandom } from '../platform/random.ts'
import { migrations } from '../store/migrations/index.ts'
import { migrate } from '../store/migrations/runner.ts'
import { openSnapshot } from '../store/open.ts'
import type { SqlValue } from '../store/sql/sql.ts'
import { ManualClock } from '../testing/manual-clock.ts'
import type { Doors } from './moved.ts'
import { digestOf, type TableDigest } from './reading.ts'
import { openSqliteTarget } from './sqlite-target.ts'
import { NEWEST_SCHEMA, type Table, tablesAt } from './tables.ts'
import { type LastingStore, openTarget } from './target.ts'

/** A directory for one test, gone with everything in it. */
export class Scratch implements Disposable {
  readonly path = mkdtempSync(join(tmpdir(), 'lockstep-moving-'))

  store(name: string): LastingStore & { kind: 'sqlite' } {
    return { kind: 'sqlite', directory: join(this.path, name) }
  }

  file(name: string): string {
    return join(this.path, name)
  }

  [Symbol.dispose](): void {
    rmSync(this.path, { recursive: true, force: true })
  }
}

export const doors: Doors = { clock: new ManualClock(), random: systemRandom, onProgress() {} }

export function rootKey() {
  return openMemoryRootKey(systemRandom)
}

/** What is in the text columns of {@link fillModel}'s rows, among others: nothing may turn up where it is not wanted. */
export const CANARY = 'canary-4f1c'

const ODD_TEXTS = ['', 'Grüße 🦆', "'; drop table secrets --", '\n\r\t', '?', '\\x00']

/** Rows of every kind of value in every table, as no server would write them: a model for copies to be held against. */
export async function fillModel(store: LastingStore, schema = NEWEST_SCHEMA, most = 30): Promise<void> {
  await using target = await openTarget(store, doors.clock)
  await migrate(target.migrations, migrations.slice(0, schema), new Date(0))
  await target.transaction(async () => {
    for (const table of await tablesAt(schema)) {
      const rows = 1 + randomInt(most)
      for (let i = 0; i < rows; i++) {
        const names = table.columns.map(({ name }) => name)
        const values = table.columns.map((column) => valueFor(table, column, i))
        await target.sql.run(
          `insert into ${table.name} (${names.join(', ')}) values (${names.map(() => '?').join(', ')})`,
          ...values,
        )
      }
    }
    await target.sql.run(
      `insert into installation_facts (account, region, name, value) values ('', '', 'account', '111122223333')`,
    )
  })
}

/** Nullable columns, in all but a few tables: null in some rows. */
const NULLABLE = /description|alias|kms_key|policy_bound|rotation$|purge_at|claimed_by|user_name|last_error/

const WITHOUT_NULL = new Set(['kms_keys', 'functions', 'sns_topics'])

function valueFor({ name, key }: Table, column: Table['columns'][number], i: number): SqlValue {
  const isOptional = !key.includes(column.name) && !WITHOUT_NULL.has(name) && NULLABLE.test(column.name)
  if (isOptional && i % 3 === 0) return null
  switch (column.kind) {
    case 'integer':
      // Keys differ row by row; some are beyond 32 bits, some negative.
      return (i % 2 === 0 ? 1 : -1) * (i + 2 ** 33 * (i % 4))
    case 'bytes':
      return systemRandom.bytes(i % 5 === 0 ? 0 : 1 + randomInt(60))
    case 'text':
      return `${column.name} ${CANARY} ${i} ${ODD_TEXTS[i % ODD_TEXTS.length]}`
  }
}

/** Each table's digest, by name. */
export async function contentOf(
  store: LastingStore,
  schema = NEWEST_SCHEMA,
): Promise<ReadonlyMap<string, TableDigest>> {
  await using snapshot = await openSnapshot(store)
  const digests = new Map<string, TableDigest>()
  for (const table of await tablesAt(schema)) digests.set(table.name, await digestOf(snapshot.sql, table))
  return digests
}

/** Runs one statement on a store that no server has. */
export async function edit(store: LastingStore & { kind: 'sqlite' }, text: string, ...values: SqlValue[]) {
  await using target = openSqliteTarget(store.directory, doors.clock)
  return await target.sql.run(text, ...values)
}
