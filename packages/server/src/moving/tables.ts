import { migrations } from '../store/migrations/index.ts'
import { migrate } from '../store/migrations/runner.ts'
import { Connection } from '../store/sqlite/connection.ts'
import { migrationTarget } from '../store/sqlite/migration-target.ts'

/** What a column holds; any may be null where the table lets it. */
type ColumnKind = 'integer' | 'text' | 'bytes'

export interface Column {
  readonly name: string
  readonly kind: ColumnKind
}

/** A table as it moves: its columns in one fixed order, and what its rows are told apart and sorted by. */
export interface Table {
  readonly name: string
  readonly columns: readonly Column[]
  readonly key: readonly string[]
}

/** The schema that this version's migrations end at. */
export const NEWEST_SCHEMA = migrations.length

/** Tables that are not state, and why a copy does without them. Whatever is not listed here moves. */
const LEFT_BEHIND: ReadonlyMap<string, string> = new Map([
  ['schema_migrations', 'the migrations write it where the tables are made'],
  ['servers', 'who lives now; where nobody is listed every lane has ended, as it has'],
  ['topic_revisions', 'counts changes for the caches of running servers, and none runs on a copy yet'],
])

/** Every table that this version knows, the one named `last` behind all others. */
export async function everyTable(last: string): Promise<readonly string[]> {
  const moving = (await tablesAt(NEWEST_SCHEMA)).map(({ name }) => name).filter((name) => name !== last)
  return [...moving, ...LEFT_BEHIND.keys(), last]
}

/**
 * Every table that moves at schema number `schema`, by name. Read from what the migrations make, so that a
 * column somebody adds there cannot be forgotten here.
 */
export async function tablesAt(schema: number): Promise<readonly Table[]> {
  const tables = known.get(schema) ?? (await readTables(schema))
  known.set(schema, tables)
  return tables
}

const known = new Map<number, readonly Table[]>()

async function readTables(schema: number): Promise<readonly Table[]> {
  const connection = new Connection(':memory:')
  try {
    // Nobody sees when this schema was made.
    await migrate(migrationTarget(connection), migrations.slice(0, schema), new Date(0))
    return connection
      .all<{ name: string }>(
        `select name from pragma_table_list where schema = 'main' and type = 'table' and name not like 'sqlite_%'
         order by name`,
        [],
      )
      .filter(({ name }) => !LEFT_BEHIND.has(name))
      .map(({ name }) => describe(connection, name))
  } finally {
    connection.close()
  }
}

const KINDS: ReadonlyMap<string, ColumnKind> = new Map([
  ['integer', 'integer'],
  ['text', 'text'],
  ['blob', 'bytes'],
])

function describe(connection: Connection, name: string): Table {
  const columns = connection.all<{ name: string; type: string; pk: number }>(
    'select name, type, pk from pragma_table_info(?) order by cid',
    [name],
  )
  const key = columns.filter(({ pk }) => pk > 0).sort((a, b) => a.pk - b.pk)
  if (key.length === 0) throw new Error(`Table ${name} has no primary key to read it by`)
  return {
    name,
    columns: columns.map(({ name: column, type }) => ({ name: column, kind: kindOf(name, column, type) })),
    key: key.map((column) => column.name),
  }
}

function kindOf(table: string, column: string, type: string): ColumnKind {
  const kind = KINDS.get(type.toLowerCase())
  if (!kind) throw new Error(`Column ${column} of table ${table} is of a type that does not move: ${type}`)
  return kind
}
