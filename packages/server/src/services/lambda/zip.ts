import type { AwsError } from '@lockstep/wire'
import { type Entry, fromBuffer, type ZipFile } from 'yauzl'
import { unzipFailed, unzippedTooLarge } from './errors.ts'

/** @see https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html */
const MAX_UNZIPPED_BYTES = 262_144_000
// DIVERGENCE: AWS has no such limit; so many files fit into 250 MiB and leave a file system alone.
const MAX_ENTRIES = 50_000
const TYPE_BITS = 0o170000
const FILE_TYPE = 0o100000
const DIRECTORY_TYPE = 0o040000

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

/** A file or a directory inside, that can be read without a password. */
function isHarmless(entry: Entry): boolean {
  const { fileName, externalFileAttributes } = entry
  const type = (externalFileAttributes >>> 16) & TYPE_BITS
  const isPlain = type === 0 || type === FILE_TYPE || type === DIRECTORY_TYPE
  const isInside =
    !fileName.startsWith('/') && !/[\\\0]/.test(fileName) && !fileName.split('/').includes('..')
  return isPlain && isInside && !entry.isEncrypted()
}
