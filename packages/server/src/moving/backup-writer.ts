import { type FileHandle, link, open, rename, stat, unlink } from 'node:fs/promises'
import { dirname } from 'node:path'
import { KEY_BYTES } from '../keyring/data-key.ts'
import type { RootKey } from '../keyring/root-keys/root-key.ts'
import type { Random } from '../platform/random.ts'
import { Frames, headerBytes, KEY_CONTEXT } from './backup-format.ts'
import { MoveRefused } from './mark.ts'

const OWNER_ONLY_FILE = 0o600
/** What a file system without hard links answers. */
const NO_LINKS: ReadonlySet<string> = new Set(['EPERM', 'ENOTSUP', 'EOPNOTSUPP', 'ENOSYS', 'EMLINK'])

export interface BackupFile {
  readonly path: string
  /** Whether a file of that name may be replaced. */
  readonly force: boolean
}

/**
 * A backup in the making, under another name beside its own: a file that bears the right name is whole and on the
 * disk. Disposed before {@link publish} it leaves nothing.
 */
export class BackupWriter implements AsyncDisposable {
  readonly #target: BackupFile
  readonly #partial: string
  readonly #file: FileHandle
  readonly #frames: Frames
  #index = 0
  #bytes = 0
  /** The frame that is being compressed and written while the next page is read. */
  #pending: Promise<void> = Promise.resolve()
  #published = false

  private constructor(target: BackupFile, partial: string, file: FileHandle, frames: Frames) {
    this.#target = target
    this.#partial = partial
    this.#file = file
    this.#frames = frames
  }

  /** @throws MoveRefused where the file exists and may not be replaced. */
  static async create(
    target: BackupFile,
    about: { readonly schema: number; readonly createdAt: string },
    { root, random }: { readonly root: RootKey; readonly random: Random },
  ): Promise<BackupWriter> {
    if (!target.force && (await exists(target.path))) throw taken(target.path)
    const key = random.bytes(KEY_BYTES)
    try {
      const wrappedKey = Buffer.from(await root.wrap(key, KEY_CONTEXT)).toString('base64')
      const before = headerBytes({ ...about, rootKeyId: root.id, wrappedKey })
      const partial = `${target.path}.${Buffer.from(random.bytes(4)).toString('hex')}.partial`
      const file = await open(partial, 'wx', OWNER_ONLY_FILE)
      const writer = new BackupWriter(target, partial, file, new Frames(key, before))
      await writer.#append(before)
      return writer
    } finally {
      key.fill(0)
    }
  }

  /** How much has been written. */
  get bytes(): number {
    return this.#bytes
  }

  /** Adds a frame. An error of writing it comes with the next call. */
  async add(content: Uint8Array): Promise<void> {
    await this.#pending
    this.#pending = this.#write(content, false)
    // Whoever awaits it next is told; until then it is nobody's unhandled rejection.
    this.#pending.catch(() => {})
  }

  /** Adds the last frame and gives the file its name. */
  async publish(last: Uint8Array): Promise<void> {
    await this.#pending
    await this.#write(last, true)
    await this.#file.sync()
    await this.#name()
    this.#published = true
    await using directory = await open(dirname(this.#target.path), 'r')
    await directory.sync()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#pending.catch(() => {})
    await this.#file.close()
    if (!this.#published) await unlink(this.#partial)
  }

  async #write(content: Uint8Array, isLast: boolean): Promise<void> {
    await this.#append(await this.#frames.seal(this.#index, isLast, content))
    this.#index += 1
  }

  async #append(bytes: Uint8Array): Promise<void> {
    await this.#file.writeFile(bytes)
    this.#bytes += bytes.length
  }

  async #name(): Promise<void> {
    const { path, force } = this.#target
    if (force) return rename(this.#partial, path)
    try {
      // Unlike a rename it never takes the place of a file that came meanwhile.
      await link(this.#partial, path)
    } catch (error) {
      const code = codeOf(error)
      if (code === 'EEXIST') throw taken(path)
      if (!NO_LINKS.has(code)) throw error
      if (await exists(path)) throw taken(path)
      return rename(this.#partial, path)
    }
    await unlink(this.#partial)
  }
}

async function exists(path: string): Promise<boolean> {
  try {
    await stat(path)
    return true
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return false
    throw error
  }
}

function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : ''
}

function taken(path: string): MoveRefused {
  return new MoveRefused(`There is a file ${path} already. Name another, or replace it with --force.`)
}
