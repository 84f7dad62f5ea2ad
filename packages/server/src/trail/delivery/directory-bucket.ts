import { type FileHandle, link, mkdir, open, readdir, readFile, stat, unlink } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import type { Clock } from '../../platform/clock.ts'
import type { Random } from '../../platform/random.ts'
import { type Bucket, DeliveryFailed, type NewObject } from './bucket.ts'

/** Whatever umask the server has: files may be read by the directory's group, say that of a log shipper. */
const FILE_MODE = 0o640
const FOLDER_MODE = 0o750

/** Where files are written before they have their names. */
const PARTS = '.lockstep-parts'
/** A part this old is of a process that was killed. */
const ABANDONED_MS = 3_600_000

/** Appended to a digest's name for the file with its signature, which S3 keeps in the object's metadata. */
export const SIGNATURE_END = '.sig'

/** A bucket that is a directory: of this machine, or mounted. */
export class DirectoryBucket implements Bucket {
  readonly #root: string
  readonly #clock: Clock
  readonly #random: Random
  #isTidy = false

  constructor(root: string, { clock, random }: { readonly clock: Clock; readonly random: Random }) {
    this.#root = root
    this.#clock = clock
    this.#random = random
  }

  async put({ key, body, metadata }: NewObject): Promise<void> {
    try {
      await this.#tidy()
      // First, so that no digest is ever there without its signature.
      const signature = metadata?.signature
      if (signature !== undefined) await this.#add(key + SIGNATURE_END, Buffer.from(`${signature}\n`))
      await this.#add(key, body)
    } catch (error) {
      if (error instanceof DeliveryFailed) throw error
      throw new DeliveryFailed(codeOf(error), { cause: error })
    }
  }

  async #add(key: string, body: Uint8Array): Promise<void> {
    const path = join(this.#root, key)
    await this.#makeFolder(dirname(path))
    const part = join(this.#root, PARTS, this.#random.uuid())
    try {
      await writeDurably(part, body)
      // Unlike a rename, a link never takes the place of another file.
      await link(part, path)
      await sync(dirname(path))
    } catch (error) {
      if (codeOf(error) !== 'EEXIST') throw error
      if (Buffer.compare(await readFile(path), body) !== 0)
        throw new DeliveryFailed('ObjectDiffers', { cause: error })
      // An attempt before may have been killed before it made the name durable.
      await sync(dirname(path))
    } finally {
      await unlink(part).catch(() => {})
    }
  }

  /** One after another, each durable and as readable as its files. The root itself is the operator's to make. */
  async #makeFolder(folder: string): Promise<void> {
    if (folder === this.#root) return
    const parent = dirname(folder)
    try {
      await mkdir(folder, FOLDER_MODE)
    } catch (error) {
      if (codeOf(error) === 'EEXIST') return
      if (codeOf(error) !== 'ENOENT' || parent === this.#root) throw error
      await this.#makeFolder(parent)
      return this.#makeFolder(folder)
    }
    await opened(folder, 'r', (handle) => handle.chmod(FOLDER_MODE))
    await sync(parent)
  }

  /** Once for each process: removes what killed ones have left. */
  async #tidy(): Promise<void> {
    if (this.#isTidy) return
    const parts = join(this.#root, PARTS)
    await mkdir(parts, 0o700).catch((error: unknown) => {
      if (codeOf(error) !== 'EEXIST') throw error
    })
    const old = this.#clock.now().getTime() - ABANDONED_MS
    for (const name of await readdir(parts)) {
      const part = join(parts, name)
      const found = await stat(part).catch(() => undefined)
      if (found && found.mtimeMs < old) await unlink(part).catch(() => {})
    }
    this.#isTidy = true
  }
}

async function writeDurably(path: string, body: Uint8Array): Promise<void> {
  await opened(path, 'wx', async (handle) => {
    await handle.writeFile(body)
    await handle.chmod(FILE_MODE)
    await handle.sync()
  })
}

/** Makes the names in a folder durable. */
async function sync(folder: string): Promise<void> {
  await opened(folder, 'r', (handle) => handle.sync())
}

async function opened(path: string, flags: string, use: (handle: FileHandle) => Promise<void>) {
  const handle = await open(path, flags, 0o600)
  try {
    await use(handle)
  } finally {
    await handle.close()
  }
}

function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : 'InternalError'
}
