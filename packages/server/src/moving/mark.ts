import type { Sql, SqlValue } from '../store/sql/sql.ts'

/** Where the mark lies: among the facts, so that the row and its removal are one statement on either engine. */
export const MARK = { table: 'installation_facts', name: 'moving' } as const

/** What a store says while rows are being put into it. A server that finds it does not start. */
export interface Mark {
  readonly what: 'copy' | 'restore' | 'drill'
  /** Tells the source apart from any other, and from itself once it has changed; of no meaning but for a copy. */
  readonly source: string
  readonly position: Position
}

/** How far a move has come. Kept in the transaction that brought it there. */
export type Position =
  /** Every row of the tables before `table` is here, and of `table` those up to `key`. */
  | { readonly kind: 'rows'; readonly table: string; readonly key: readonly SqlValue[] | null }
  /** Every row is here and was compared; the schema may have been brought forward since. */
  | { readonly kind: 'compared' }

/** Nothing is wrong with the machine: what was asked for cannot be. The message says why; show it without a stack. */
export class MoveRefused extends Error {
  override readonly name = 'MoveRefused'
}

/**
 * To be asked before anything else is read of a store: rows may still be missing, keys among them.
 * @throws MoveRefused where a copy or a restore into it has not ended.
 */
export async function demandFinished(installation: {
  fact(name: 'moving'): Promise<string | undefined>
}): Promise<void> {
  const mark = parseMark(await installation.fact(MARK.name))
  if (mark) throw new MoveRefused(`This store is ${unfinished(mark)}`)
}

/** What to do about a store under `mark`, as the rest of a sentence that begins with the store. */
export function unfinished({ what }: Mark): string {
  switch (what) {
    case 'copy':
      return 'the target of a copy that has not ended, and rows are missing. Run the same lockstep store copy again: it goes on where it was.'
    case 'restore':
      return 'being restored, and rows are missing. Run the same lockstep restore again: it begins anew.'
    case 'drill':
      return 'the scratch place of a drill. Run lockstep drill with it again: it clears it away.'
  }
}

/** The mark on the store, if there is one. Its table must be there. */
export async function readMark(sql: Sql): Promise<Mark | undefined> {
  const row = await sql.row<{ value: string }>(`select value from ${MARK.table} where ${OURS}`)
  return parseMark(row?.value)
}

export async function putMark(sql: Sql, mark: Mark): Promise<void> {
  await sql.run(
    `insert into ${MARK.table} (account, region, name, value) values ('', '', '${MARK.name}', ?)`,
    JSON.stringify(mark),
  )
}

/**
 * Replaces `before` by `after`, or takes it away where there is none. The mark is also the lock: of two programs
 * that move into one store, the second finds another mark than it left, and its transaction ends here.
 */
export async function moveMark(sql: Sql, before: Mark, after: Mark | undefined): Promise<void> {
  const changed = after
    ? await sql.run(
        `update ${MARK.table} set value = ? where ${OURS} and value = ?`,
        JSON.stringify(after),
        JSON.stringify(before),
      )
    : await sql.run(`delete from ${MARK.table} where ${OURS} and value = ?`, JSON.stringify(before))
  if (changed !== 1) throw new MoveRefused('Another program is moving rows into the same store.')
}

const OURS = `account = '' and region = '' and name = '${MARK.name}'`

function parseMark(text: string | undefined): Mark | undefined {
  // Nobody but this file writes it.
  return text === undefined ? undefined : (JSON.parse(text) as Mark)
}
