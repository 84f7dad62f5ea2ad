import { isDeepStrictEqual } from 'node:util'
import { damaged } from './backup-format.ts'
import type { BackupReader } from './backup-reader.ts'
import type { OnProgress } from './filling.ts'
import { type Manifest, type Page, parsePage, tableOf } from './manifest.ts'
import { Digest } from './reading.ts'
import { type Table, tablesAt } from './tables.ts'

/**
 * Reads a backup from the first byte to the last without writing anything: every frame is authentic, and the tables
 * are those that the manifest counts, row for row.
 *
 * @throws MoveRefused at the first thing that is not as it was written.
 */
export async function authenticate(reader: BackupReader, onProgress: OnProgress): Promise<Manifest> {
  const tables = (await tablesAt(reader.header.schema)).map((table) => ({
    ...table,
    digest: new Digest(table),
  }))
  let done = 0
  for await (const { content, isLast } of reader.contents()) {
    if (isLast) {
      const manifest = parseManifest(content)
      demandSame(
        manifest,
        reader,
        tables.map(({ digest, ...table }) => ({ ...table, ...digest.close() })),
      )
      return manifest
    }
    const page = parsePage(content)
    const { name, digest } = tableOf(tables, page)
    digest.add(page.rows, page.count)
    done += page.count
    onProgress({ doing: 'reading', table: name, done, total: done })
  }
  throw damaged('Its manifest is missing.')
}

/** The pages again, for writing them: each is authenticated once more. */
export async function* pagesIn(reader: BackupReader): AsyncGenerator<Page> {
  for await (const { content, isLast } of reader.contents()) if (!isLast) yield parsePage(content)
}

function parseManifest(content: Uint8Array): Manifest {
  // Authentic: BackupWriter wrote it, and only somebody with the root key can have.
  return JSON.parse(Buffer.from(content).toString('utf8')) as Manifest
}

function demandSame(manifest: Manifest, { header }: BackupReader, found: readonly Partial<Table>[]): void {
  if (manifest.schema !== header.schema || !isDeepStrictEqual(manifest.tables, found)) {
    throw damaged('Its tables are not what its manifest says.')
  }
}
