import { createWriteStream } from 'node:fs'
import { mkdir } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { pipeline } from 'node:stream/promises'
import { type Entry, fromBuffer, type ZipFile } from 'yauzl'
import { badZip } from './errors.ts'

/**
 * What a function's code may have unpacked.
 * @see https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html
 */
const MAX_UNPACKED_BYTES = 250 * 1024 * 1024
/** No limit of AWS's; so many files fit into 250 MiB and leave a file system alone. */
const MAX_ENTRIES = 50_000
const TYPE_BITS = 0o170000
const FILE_TYPE = 0o100000
const DIRECTORY_TYPE = 0o040000
const EXECUTE_BITS = 0o111

/** What becomes of an entry of a zip. */
export type Planned =
  | { readonly kind: 'directory'; readonly path: string }
  | { readonly kind: 'file'; readonly path: string; readonly mode: number }

/**
 * What to make of an entry, by its name and the Unix mode that its maker gave it, if any.
 * @throws AwsError InvalidZipFileException for what would lie outside, links and devices.
 */
export function planOf(name: string, unixMode: number): Planned {
  const type = unixMode & TYPE_BITS
  const isDirectory = name.endsWith('/') || type === DIRECTORY_TYPE
  if (type !== 0 && type !== FILE_TYPE && type !== DIRECTORY_TYPE)
    throw badZip('it holds a link or a device.')
  const parts = name.split('/').filter((part) => part !== '' && part !== '.')
  const isOutside = name.startsWith('/') || /[\\\0]/.test(name) || parts.includes('..')
  if (isOutside || (parts.length === 0 && !isDirectory)) throw badZip('an entry lies outside of it.')
  const path = parts.join('/')
  if (isDirectory) return { kind: 'directory', path }
  return { kind: 'file', path, mode: unixMode & EXECUTE_BITS ? 0o755 : 0o644 }
}

/**
 * Unpacks a zip into an empty directory.
 * @throws AwsError InvalidZipFileException for what is no zip, says other sizes than it has, or is refused.
 */
export async function unpack(zip: Uint8Array, directory: string): Promise<void> {
  const file = await open(zip)
  if (file.entryCount > MAX_ENTRIES) throw badZip('it holds too many files.')
  let bytes = 0
  await new Promise<void>((resolve, reject) => {
    const refuse = (error: unknown) => reject(asRefusal(error))
    file.on('error', refuse)
    file.on('end', resolve)
    file.on('entry', (entry: Entry) => {
      bytes += entry.uncompressedSize
      if (bytes > MAX_UNPACKED_BYTES)
        return refuse(badZip('Unzipped size must be smaller than 262144000 bytes.'))
      write(file, entry, directory).then(() => file.readEntry(), refuse)
    })
    file.readEntry()
  })
}

/** yauzl checks each size as it reads, so that no entry can be larger than it says. */
function open(zip: Uint8Array): Promise<ZipFile> {
  const bytes = Buffer.from(zip.buffer, zip.byteOffset, zip.byteLength)
  return new Promise((resolve, reject) => {
    fromBuffer(bytes, { lazyEntries: true, validateEntrySizes: true }, (error, file) => {
      if (file) resolve(file)
      else reject(asRefusal(error))
    })
  })
}

async function write(file: ZipFile, entry: Entry, directory: string): Promise<void> {
  const planned = planOf(entry.fileName, entry.externalFileAttributes >>> 16)
  const path = join(directory, planned.path)
  if (planned.kind === 'directory') {
    await mkdir(path, { recursive: true, mode: 0o755 })
    return
  }
  await mkdir(dirname(path), { recursive: true, mode: 0o755 })
  const stream = await new Promise<NodeJS.ReadableStream>((resolve, reject) =>
    file.openReadStream(entry, (error, found) => (found ? resolve(found) : reject(error))),
  )
  // A name that is there twice is refused rather than written through.
  await pipeline(stream, createWriteStream(path, { flags: 'wx', mode: planned.mode }))
}

function asRefusal(error: unknown): unknown {
  if (!(error instanceof Error) || error.name === 'AwsError') return error
  return badZip('it is damaged.')
}
