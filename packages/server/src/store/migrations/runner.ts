import type { Dialect, Migration } from './migration.ts'

/** The few things a runner does to a database, in each engine's own way. */
export interface MigrationTarget {
  readonly dialect: Dialect
  /** Looks whether this is an engine to work on at all. @throws SchemaMismatch */
  prepare(): Promise<void>
  /** Runs the statements in one transaction, all or none. Each may have values for its `?`. */
  transaction(statements: readonly MigrationStatement[]): Promise<void>
  /** Nothing where no migration was ever run. */
  applied(): Promise<readonly Applied[] | undefined>
  /** Which of these tables are there. */
  existing(tables: readonly string[]): Promise<readonly string[]>
  /** Whether a transaction failed because another server was doing the same. */
  wasOvertaken(error: unknown): boolean
  /** What to say where the tables are there and no migration of ours has made them. */
  readonly notOurs: string
}

interface MigrationStatement {
  readonly text: string
  readonly values?: readonly (string | number)[]
}

export interface Applied {
  readonly number: number
  readonly name: string
}

/** The database cannot be used by this version. The message says why; show it without a stack. */
export class SchemaMismatch extends Error {
  override readonly name = 'SchemaMismatch'
}

/** Whoever was overtaken finds a step more done than before; where there is none, nobody else is at work. */
const MAX_IN_VAIN = 5

/**
 * Brings a database forward to what this version needs, one transaction for each step, so that a crash
 * leaves it between two steps and the next start goes on from there. Several servers may do it at once: the first
 * statement of a step notes its number, and whoever comes second waits for the first, fails, and looks again.
 *
 * @throws SchemaMismatch for a database that a newer version wrote, or another program.
 */
export async function migrate(
  target: MigrationTarget,
  migrations: readonly Migration[],
  now: Date,
): Promise<void> {
  await target.prepare()
  let done = -1
  for (let inVain = 0; ; inVain++) {
    const applied = await target.applied()
    if (!applied && (await target.existing(tablesOf(target.dialect, migrations))).length > 0) {
      // Unless another server has begun in this very moment.
      if (!(await target.applied())) throw new SchemaMismatch(target.notOurs)
    }
    if ((applied?.length ?? 0) > done) inVain = 0
    done = applied?.length ?? 0
    refuseUnknown(applied ?? [], migrations)
    const step = nextStep(target.dialect, applied, migrations, now)
    if (!step) return
    try {
      await target.transaction(step)
    } catch (error) {
      if (!target.wasOvertaken(error)) throw error
      if (inVain === MAX_IN_VAIN) throw new SchemaMismatch(target.notOurs)
    }
  }
}

function nextStep(
  dialect: Dialect,
  applied: readonly Applied[] | undefined,
  migrations: readonly Migration[],
  now: Date,
): readonly MigrationStatement[] | undefined {
  const { integer, text, end } = dialect
  if (!applied) {
    const columns = `number ${integer} primary key, name ${text} not null, applied_at ${integer} not null`
    return [{ text: `create table schema_migrations (${columns})${end}` }]
  }
  const known = new Set(applied.map(({ number }) => number))
  const next = migrations.find(({ number }) => !known.has(number))
  return (
    next && [
      {
        text: 'insert into schema_migrations (number, name, applied_at) values (?, ?, ?)',
        values: [next.number, next.name, now.getTime()],
      },
      ...next.up(dialect).map((text) => ({ text })),
    ]
  )
}

function tablesOf(dialect: Dialect, migrations: readonly Migration[]): readonly string[] {
  return migrations
    .flatMap((migration) => migration.up(dialect))
    .flatMap((statement) => /^create table (\w+)/.exec(statement)?.[1] ?? [])
}

function refuseUnknown(applied: readonly Applied[], migrations: readonly Migration[]): void {
  const known = new Map(migrations.map(({ number, name }) => [number, name]))
  const newest = Math.max(0, ...known.keys())
  for (const { number, name } of applied) {
    if (known.get(number) === name) continue
    throw new SchemaMismatch(
      number > newest
        ? `The database was written by a newer Lockstep: it has schema ${number}, and this one knows ${newest}. Start that version, or restore a backup from before it.`
        : `The database's schema ${number} is '${name}', which this version does not know.`,
    )
  }
}
