import { Keyring } from '../keyring/keyring.ts'
import type { RootKey } from '../keyring/root-keys/root-key.ts'
import { openSnapshot } from '../store/open.ts'
import type { SqlValue } from '../store/sql/sql.ts'
import { Filler, type OnProgress } from './filling.ts'
import type { Position } from './mark.ts'
import { conclude, type Doors, type Moved } from './moved.ts'
import { Digest, digestOf, pagesOf, type TableDigest } from './reading.ts'
import { encodeRows } from './row-encoding.ts'
import { describeSource, identityOf, type Source } from './source.ts'
import type { Table } from './tables.ts'
import { type LastingStore, openTarget } from './target.ts'

export interface CopyOptions {
  readonly from: LastingStore
  readonly to: LastingStore
  /** Clears away what an unfinished move has left in the target. */
  readonly restart: boolean
  readonly root?: RootKey | undefined
}

/**
 * Copies a store into an empty one, as the source is at this instant; a server may go on writing it, and what it
 * writes from now on stays behind. Killed anywhere, the same call goes on where it was.
 *
 * @throws MoveRefused, StoreUnavailable, RootKeyError
 */
export async function copyStore({ from, to, restart, root }: CopyOptions, doors: Doors): Promise<Moved> {
  await using snapshot = await openSnapshot(from)
  const source = await describeSource(snapshot)
  // Asked now rather than after an hour's copying.
  if (root) await Keyring.unseal(root, await snapshot.read.installation.keyringGenerations(), doors.random)
  await using target = await openTarget(to, doors.clock)
  const filler = await Filler.begin(target, {
    what: 'copy',
    source: identityOf(source),
    schema: source.schema,
    restart,
    now: doors.clock.now(),
  })
  const tables = await copyTables(source, filler, doors.onProgress)
  return await conclude(filler, to, tables, { trust: { root }, doors })
}

/** Copies what is not there yet. Answers what each table of the source holds. */
async function copyTables(
  { sql, tables }: Source,
  filler: Filler,
  onProgress: OnProgress,
): Promise<readonly (Table & TableDigest)[]> {
  const copied: (Table & TableDigest)[] = []
  for (const { total, ...table } of tables) {
    const start = startIn(table, filler.position)
    // Where an earlier run has copied a part of it, the whole of it is read for its digest alone.
    const digest = start === 'first row' ? new Digest(table) : undefined
    if (start !== 'copied') {
      let done = 0
      for await (const rows of pagesOf(sql, table, start === 'first row' ? undefined : start.after)) {
        await filler.add(table, rows)
        digest?.add(encodeRows(table, rows), rows.length)
        done += rows.length
        onProgress({ doing: 'copying', table: table.name, done, total })
      }
    }
    copied.push({ ...table, ...(digest?.close() ?? (await digestOf(sql, table))) })
  }
  return copied
}

type Start = 'copied' | 'first row' | { readonly after: readonly SqlValue[] }

/** Where to go on in a table. Tables come by name; a copy that was interrupted goes on behind its last row. */
function startIn({ name }: Table, position: Position): Start {
  if (position.kind === 'compared' || name < position.table) return 'copied'
  return name === position.table && position.key ? { after: position.key } : 'first row'
}
