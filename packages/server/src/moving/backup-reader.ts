import { type FileHandle, open } from 'node:fs/promises'
import { type RootKey, RootKeyError } from '../keyring/root-keys/root-key.ts'
import {
  damaged,
  FORMAT,
  FRAME_MAX_BYTES,
  Frames,
  HEADER_MAX_BYTES,
  type Header,
  KEY_CONTEXT,
  LENGTH_BYTES,
  MAGIC,
  PREAMBLE_BYTES,
  parseHeader,
  TAG_BYTES,
} from './backup-format.ts'
import { MoveRefused } from './mark.ts'
import { NEWEST_SCHEMA } from './tables.ts'

/** A backup's content, each part authentic before it is handed out. */
export class BackupReader implements AsyncDisposable {
  readonly header: Header
  /** Of the file. */
  readonly bytes: number
  readonly #file: FileHandle
  readonly #frames: Frames
  readonly #framesAt: number

  private constructor(
    file: FileHandle,
    header: Header,
    frames: Frames,
    at: { bytes: number; framesAt: number },
  ) {
    this.#file = file
    this.header = header
    this.#frames = frames
    this.bytes = at.bytes
    this.#framesAt = at.framesAt
  }

  /**
   * @throws MoveRefused for a file that is no backup, of a newer version, or damaged; RootKeyError for a backup
   * under another root key.
   */
  static async open(path: string, root: RootKey): Promise<BackupReader> {
    const file = await open(path, 'r')
    try {
      const { size } = await file.stat()
      const preamble = await read(file, 0, PREAMBLE_BYTES)
      if (!preamble?.subarray(0, MAGIC.length).equals(MAGIC))
        throw new MoveRefused(`${path} is not a backup.`)
      refuseNewer('format', preamble.readUInt32BE(MAGIC.length), FORMAT)
      const length = preamble.readUInt32BE(MAGIC.length + 4)
      const json = length <= HEADER_MAX_BYTES ? await read(file, PREAMBLE_BYTES, length) : undefined
      if (!json) throw damaged('Its header is cut off.')
      const header = parseHeader(json.toString('utf8'))
      refuseNewer('schema', header.schema, NEWEST_SCHEMA)
      const key = await unwrap(header, root)
      try {
        const frames = new Frames(key, Buffer.concat([preamble, json]))
        return new BackupReader(file, header, frames, { bytes: size, framesAt: PREAMBLE_BYTES + length })
      } finally {
        key.fill(0)
      }
    } catch (error) {
      await file.close()
      throw error
    }
  }

  /**
   * The content of each frame in order, and whether it is the last, which ends the file to the byte.
   * @throws MoveRefused at the first byte that is not as it was written.
   */
  async *contents(): AsyncGenerator<{ readonly content: Uint8Array; readonly isLast: boolean }> {
    let at = this.#framesAt
    for (let index = 0; ; index++) {
      const length = (await read(this.#file, at, LENGTH_BYTES))?.readUInt32BE() ?? 0
      const from = at + LENGTH_BYTES
      at = from + length + TAG_BYTES
      const sealed =
        length <= FRAME_MAX_BYTES && at <= this.bytes && (await read(this.#file, from, at - from))
      if (!sealed) throw damaged('Its end is missing.')
      const isLast = at === this.bytes
      const content = await this.#frames.open(index, isLast, sealed)
      if (!content) throw damaged(`The part at byte ${from} is not as it was written.`)
      yield { content, isLast }
      if (isLast) return
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#file.close()
  }
}

async function unwrap({ rootKeyId, wrappedKey, createdAt }: Header, root: RootKey): Promise<Uint8Array> {
  if (rootKeyId !== root.id) {
    throw new RootKeyError(
      `The backup of ${createdAt} was made with root key ${rootKeyId}, and this is ${root.id}. Name the one it was made with, with --root-key.`,
    )
  }
  try {
    return await root.unwrap(Buffer.from(wrappedKey, 'base64'), KEY_CONTEXT)
  } catch (error) {
    if (!(error instanceof RootKeyError)) throw error
    throw new RootKeyError(
      'The root key does not open the backup. Either it is not the one it was made with, or the backup is damaged.',
    )
  }
}

function refuseNewer(what: 'format' | 'schema', found: number, known: number): void {
  if (found >= 1 && found <= known) return
  throw new MoveRefused(
    `The backup has ${what} ${found}, and this Lockstep knows up to ${known}. Restore it with the version that made it, or a newer one.`,
  )
}

/** `length` bytes from `from` on, or nothing where the file ends before. */
async function read(file: FileHandle, from: number, length: number): Promise<Buffer | undefined> {
  const buffer = Buffer.allocUnsafe(length)
  let at = 0
  while (at < length) {
    const { bytesRead } = await file.read(buffer, at, length - at, from + at)
    if (bytesRead === 0) return undefined
    at += bytesRead
  }
  return buffer
}
