import type { RootKey } from '../keyring/root-keys/root-key.ts'
import type { Checkpoint } from '../trail/checkpoint.ts'
import { authenticate, pagesIn } from './backup-content.ts'
import { BackupReader } from './backup-reader.ts'
import { Filler } from './filling.ts'
import { type Manifest, rowsIn, tableOf } from './manifest.ts'
import type { Mark } from './mark.ts'
import { conclude, type Doors, type Moved } from './moved.ts'
import { decodeRows } from './row-encoding.ts'
import { type LastingStore, openTarget, type Target } from './target.ts'

export interface RestoreOptions {
  /** The backup's path. */
  readonly from: string
  readonly to: LastingStore
  readonly root: RootKey
  /** Checkpoints that left the server, which the restored trail must contain. */
  readonly witnesses?: readonly Checkpoint[]
}

/**
 * Fills an empty store from a backup. Everything in the file is authenticated and compared with its manifest before
 * the store is touched. Killed anywhere after that, the store does not start; the same call begins anew.
 *
 * @throws MoveRefused, RootKeyError, StoreUnavailable
 */
export async function restore(
  { from, to, root, witnesses }: RestoreOptions,
  doors: Doors,
): Promise<Moved & { readonly manifest: Manifest }> {
  await using reader = await BackupReader.open(from, root)
  const manifest = await authenticate(reader, doors.onProgress)
  await using target = await openTarget(to, doors.clock)
  const filler = await fill(target, { reader, manifest, what: 'restore' }, doors)
  const moved = await conclude(filler, to, manifest.tables, { trust: { root, witnesses }, doors })
  return { ...moved, manifest }
}

/** Writes the rows of a backup that {@link authenticate} has passed. The target carries its mark afterwards. */
export async function fill(
  target: Target,
  backup: { readonly reader: BackupReader; readonly manifest: Manifest; readonly what: Mark['what'] },
  { clock, onProgress }: Doors,
): Promise<Filler> {
  const { reader, manifest, what } = backup
  const { schema, tables } = manifest
  const filler = await Filler.begin(target, { what, source: '', schema, restart: false, now: clock.now() })
  const total = rowsIn(manifest)
  let done = 0
  for await (const page of pagesIn(reader)) {
    const table = tableOf(tables, page)
    await filler.add(table, decodeRows(table, page.rows))
    done += page.count
    onProgress({ doing: 'writing', table: table.name, done, total })
  }
  return filler
}
