import { AwsError } from '@lockstep/wire'
import { type Entry, fromBuffer, type ZipFile } from 'yauzl'
import { planOf } from '../../functions/unpack.ts'
import { unzipFailed, unzippedTooLarge } from './errors.ts'

/** @see https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html */
const MAX_UNZIPPED_BYTES = 262_144_000
// DIVERGENCE: AWS has no such limit; so many files fit into 250 MiB and leave a file system alone.
const MAX_ENTRIES = 50_000

/**
 * What is wrong with a zip, as far as its directory tells: nothing is unpacked. Whoever unpacks it must hold the
 * entries to the sizes that they say.
 *
 * DIVERGENCE: AWS unpacks symbolic links; we refuse them, for they are ways out of the directory.
 */
export async function faultOf(zip: Uint8Array): Promise<AwsError | undefined> {
  const file = await open(zip)
  if (!file || file.entryCount > MAX_ENTRIES || file.entryCount === 0) return unzipFailed()
  let bytes = 0
  const names = new Set<string>()
  return new Promise((resolve) => {
    file.on('error', () => resolve(unzipFailed()))
    file.on('end', () => resolve(undefined))
    file.on('entry', (entry: Entry) => {
      bytes += entry.uncompressedSize
      if (bytes > MAX_UNZIPPED_BYTES) return resolve(unzippedTooLarge())
      if (!isHarmless(entry) || names.has(entry.fileName)) return resolve(unzipFailed())
      names.add(entry.fileName)
      file.readEntry()
    })
    file.readEntry()
  })
}

/** Undefined for what is no zip. */
function open(zip: Uint8Array): Promise<ZipFile | undefined> {
  const bytes = Buffer.from(zip.buffer, zip.byteOffset, zip.byteLength)
  return new Promise((resolve) => {
    fromBuffer(bytes, { lazyEntries: true, validateEntrySizes: true }, (error, file) =>
      resolve(error ? undefined : file),
    )
  })
}

/** What can be unpacked without a password, by the rules of whoever unpacks it. */
function isHarmless(entry: Entry): boolean {
  try {
    planOf(entry.fileName, entry.externalFileAttributes >>> 16)
  } catch (error) {
    if (error instanceof AwsError) return false
    throw error
  }
  return !entry.isEncrypted()
}
