import { Keyring } from '../keyring/keyring.ts'
import type { RootKey } from '../keyring/root-keys/root-key.ts'
import { openSnapshot } from '../store/open.ts'
import { type BackupFile, BackupWriter } from './backup-writer.ts'
import { type Manifest, pageFrame } from './manifest.ts'
import type { Doors } from './moved.ts'
import { Digest, pagesOf, type TableDigest } from './reading.ts'
import { encodeRows } from './row-encoding.ts'
import { describeSource, type Source } from './source.ts'
import type { Table } from './tables.ts'
import type { LastingStore } from './target.ts'

export interface BackupOptions {
  readonly from: LastingStore
  readonly to: BackupFile
  readonly root: RootKey
}

/**
 * Writes everything that a store holds at this instant into one encrypted file, while servers go on.
 * @throws MoveRefused where the file exists, or there is no store; RootKeyError where the root key is not the
 * store's: nobody could open what would be written.
 */
export async function backUp(
  { from, to, root }: BackupOptions,
  doors: Doors,
): Promise<{ readonly manifest: Manifest; readonly bytes: number }> {
  await using snapshot = await openSnapshot(from)
  const source = await describeSource(snapshot)
  const keyring = await snapshot.read.installation.keyringGenerations()
  await Keyring.unseal(root, keyring, doors.random)
  const about = { schema: source.schema, createdAt: doors.clock.now().toISOString() }
  await using file = await BackupWriter.create(to, about, { root, random: doors.random })
  const manifest: Manifest = {
    ...about,
    account: source.account,
    checkpoint: source.checkpoint ?? null,
    keyring: keyring.map(({ generation, rootKeyId }) => ({ generation, rootKeyId })),
    tables: await writeTables(source, file, doors),
  }
  await file.publish(Buffer.from(JSON.stringify(manifest)))
  return { manifest, bytes: file.bytes }
}

async function writeTables(
  { sql, tables }: Source,
  file: BackupWriter,
  { onProgress }: Doors,
): Promise<Manifest['tables']> {
  const written: (Table & TableDigest)[] = []
  for (const [index, { total, ...table }] of tables.entries()) {
    const digest = new Digest(table)
    let done = 0
    for await (const page of pagesOf(sql, table)) {
      const rows = encodeRows(table, page)
      digest.add(rows, page.length)
      await file.add(pageFrame({ table: index, count: page.length, rows }))
      done += page.length
      onProgress({ doing: 'reading', table: table.name, done, total })
    }
    written.push({ ...table, ...digest.close() })
  }
  return written
}
