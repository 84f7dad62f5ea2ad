import { migrations } from '../store/migrations/index.ts'
import type { Applied } from '../store/migrations/runner.ts'
import { migrate } from '../store/migrations/runner.ts'
import type { Sql } from '../store/sql/sql.ts'
import {
  MARK,
  type Mark,
  MoveRefused,
  moveMark,
  type Position,
  putMark,
  readMark,
  unfinished,
} from './mark.ts'
import { digestOf, keyOf, type TableDigest } from './reading.ts'
import type { Row } from './row-encoding.ts'
import { everyTable, NEWEST_SCHEMA, type Table, tablesAt } from './tables.ts'
import type { Target } from './target.ts'

/** A hint of how far a long work is. */
export interface Progress {
  readonly doing: 'copying' | 'comparing' | 'reading' | 'writing'
  readonly table: string
  /** Rows of the table. */
  readonly done: number
  readonly total: number
}

export type OnProgress = (progress: Progress) => void

/** What is to be put into a target. */
export interface Filling {
  readonly what: Mark['what']
  /** {@link Mark.source} */
  readonly source: string
  /** The schema that the rows are of. */
  readonly schema: number
  /**
   * Clears away whatever an unfinished move has left there, instead of going on with it or refusing it. A restore
   * and a drill clear away what their like has left in any case.
   */
  readonly restart: boolean
  /** Told to the schema's own table. */
  readonly now: Date
}

/**
 * An empty store on its way to being a full one. From the first row to the last comparison it carries a mark, and
 * no server starts on it; each step is one transaction, in which the mark says what is done.
 */
export class Filler {
  readonly #target: Target
  readonly #filling: Filling
  #mark: Mark

  private constructor(target: Target, filling: Filling, mark: Mark) {
    this.#target = target
    this.#filling = filling
    this.#mark = mark
  }

  /**
   * Makes the tables at the rows' own schema and the mark; or takes up the same move where it ended.
   * @throws MoveRefused for a store that holds anything, unless it is the unfinished move of this very source
   * or `restart` allows for clearing an unfinished one.
   */
  static async begin(target: Target, filling: Filling): Promise<Filler> {
    const { what, source, schema, restart, now } = filling
    const found = await lookInto(target)
    const isCleared = restart || (what !== 'copy' && found.kind === 'unfinished' && found.mark.what === what)
    if (found.kind === 'unfinished' && !isCleared) {
      return new Filler(target, filling, resumable(found, filling))
    }
    if (found.kind === 'state') throw new MoveRefused('The target is not empty. Name an empty one.')
    await clear(target, found.tables)
    await migrate(target.migrations, migrations.slice(0, schema), now)
    const mark: Mark = { what, source, position: { kind: 'rows', table: '', key: null } }
    await target.transaction(() => putMark(target.sql, mark))
    return new Filler(target, filling, mark)
  }

  get position(): Position {
    return this.#mark.position
  }

  /** Adds a page of a table's rows, which come in the order of its key. */
  async add(table: Table, rows: readonly Row[]): Promise<void> {
    const last = rows.at(-1)
    if (!last) return
    await this.#step({ kind: 'rows', table: table.name, key: keyOf(table, last) }, () =>
      insert(this.#target.sql, table, rows),
    )
  }

  /**
   * Compares every table with what it was at the source.
   * @throws MoveRefused, naming the first table that is not the same.
   */
  async compare(tables: readonly (Table & TableDigest)[], onProgress: OnProgress): Promise<void> {
    if (this.position.kind === 'compared') return
    for (const table of tables) {
      let done = 0
      const { rows, sha256 } = await digestOf(this.#target.sql, table, (more) => {
        done += more
        onProgress({ doing: 'comparing', table: table.name, done, total: table.rows })
      })
      if (rows === table.rows && sha256 === table.sha256) continue
      const counts = rows === table.rows ? '' : `: ${rows} rows instead of ${table.rows}`
      throw new MoveRefused(`Table ${table.name} of the target is not what the source holds${counts}.`)
    }
    await this.#step({ kind: 'compared' }, async () => {})
  }

  /** Brings the schema to what this version needs; where it fails, the mark is still there. */
  async forward(): Promise<void> {
    await migrate(this.#target.migrations, migrations, this.#filling.now)
  }

  /** Takes the mark away: from here on servers may start. */
  async finish(): Promise<void> {
    const { sql } = this.#target
    await this.#target.transaction(() => moveMark(sql, this.#mark, undefined))
  }

  async #step(position: Position, act: () => Promise<void>): Promise<void> {
    const after = { ...this.#mark, position }
    await this.#target.transaction(async () => {
      await moveMark(this.#target.sql, this.#mark, after)
      await act()
    })
    this.#mark = after
  }
}

/** Takes every table of ours away from a store that carries a drill's mark; leaves any other as it is. */
export async function clearScratch(target: Target): Promise<void> {
  const found = await lookInto(target)
  if (found.kind === 'unfinished' && found.mark.what === 'drill') await clear(target, found.tables)
}

type Found =
  | { readonly kind: 'empty'; readonly tables: ReadonlySet<string> }
  | {
      readonly kind: 'unfinished'
      readonly tables: ReadonlySet<string>
      readonly mark: Mark
      readonly schema: number
    }
  | { readonly kind: 'state'; readonly tables: ReadonlySet<string> }

/** @throws MoveRefused for tables of a newer version. */
async function lookInto(target: Target): Promise<Found> {
  const tables = await target.tables()
  const applied = (await target.migrations.applied()) ?? []
  refuseNewer(applied)
  const mark = tables.has(MARK.table) ? await readMark(target.sql) : undefined
  if (mark) return { kind: 'unfinished', tables, mark, schema: applied.length }
  for (const { name } of await tablesAt(NEWEST_SCHEMA)) {
    if (tables.has(name) && (await target.sql.row(`select 1 from ${name} limit 1`)))
      return { kind: 'state', tables }
  }
  return { kind: 'empty', tables }
}

function refuseNewer(applied: readonly Applied[]): void {
  const newest = Math.max(0, ...applied.map(({ number }) => number))
  if (newest > NEWEST_SCHEMA) {
    throw new MoveRefused(
      `The target was made by a newer Lockstep: it has schema ${newest}, and this one knows ${NEWEST_SCHEMA}.`,
    )
  }
}

/** The mark to go on from. @throws MoveRefused where the unfinished move is another one. */
function resumable({ mark, schema }: Found & { kind: 'unfinished' }, filling: Filling): Mark {
  if (mark.what !== filling.what) throw new MoveRefused(`The target is ${unfinished(mark)}`)
  if (mark.source !== filling.source) {
    throw new MoveRefused(
      'The target holds a part of another source, or of this one before it changed. Stop the server that writes the source, and begin anew with --restart.',
    )
  }
  if (mark.position.kind === 'rows' && schema !== filling.schema) {
    throw new MoveRefused(
      `The target's tables were brought to schema ${schema} while rows of schema ${filling.schema} were missing. Begin anew with --restart.`,
    )
  }
  return mark
}

/** The mark goes last: what a crash half-way leaves is an unfinished move, on an engine that keeps halves, too. */
async function clear(target: Target, found: ReadonlySet<string>): Promise<void> {
  const names = (await everyTable(MARK.table)).filter((name) => found.has(name))
  await target.transaction(async () => {
    for (const name of names) await target.sql.run(`drop table ${name}`)
  })
}

/** How many rows one statement inserts: whole hundreds at once, and what is left over in few statements. */
const BLOCKS = [128, 16, 1] as const

async function insert(sql: Sql, table: Table, rows: readonly Row[]): Promise<void> {
  let at = 0
  for (const block of BLOCKS) {
    for (; at + block <= rows.length; at += block) {
      const values = rows
        .slice(at, at + block)
        .flatMap((row) => table.columns.map((column) => row[column.name] ?? null))
      await sql.run(insertOf(table, block), ...values)
    }
  }
}

function insertOf({ name, columns }: Table, rows: number): string {
  const row = `(${columns.map(() => '?').join(', ')})`
  const values = Array.from({ length: rows }, () => row).join(', ')
  return `insert into ${name} (${columns.map((column) => column.name).join(', ')}) values ${values}`
}
