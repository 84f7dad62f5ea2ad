/** What differs between the engines' table definitions, and nothing else. */
export interface Dialect {
  readonly bytes: 'blob' | 'bytea'
  readonly integer: 'integer' | 'bigint'
  /** Compared byte by byte, whatever language the database speaks. */
  readonly text: 'text' | 'text collate "C"'
  /** Closes a `create table (…)`: SQLite's tables are strict. */
  readonly end: ' strict' | ''
  /** The same for a table whose rows change in place often: PostgreSQL leaves room for that on each page. */
  readonly endUpdated: ' strict' | ' with (fillfactor = 80)'
}

/**
 * One step forward of the schema. There is no way back: a backup is. Servers of the version before go on working
 * while and after it runs: it adds, and takes nothing away that they use.
 */
export interface Migration {
  readonly number: number
  readonly name: string
  /** Statements, run in order inside one transaction. */
  up(dialect: Dialect): readonly string[]
}
