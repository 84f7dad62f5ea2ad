import { createReadStream } from 'node:fs'
import { type FileHandle, link, mkdir, open, readdir, unlink } from 'node:fs/promises'
import { join } from 'node:path'
import type { TrailReader, TrailRow } from '../store/trail.ts'
import { type Checkpoint, parseCheckpoint } from './checkpoint.ts'
import { readTrail, textOf } from './export.ts'
import { type TrailLine, trailLines } from './lines.ts'

/** What a file holds at most, whole checkpoints aside: it has to be verified, and its plan kept in memory. */
const EVENTS_IN_A_FILE = 1_000_000
const CHECKPOINTS_IN_A_FILE = 200_000
const WRITTEN_AT_ONCE = 1024 * 1024

const DIGITS = 12
const FILE = /^trail-(\d{12})-(\d{12})\.jsonl$/
const PART = '.lockstep-trail-'
/** What the name of a file ends with that is not whole yet. */
export const PART_END = '.part'

/** As far back as nothing is younger than asked for. */
export interface OldPart {
  readonly events: number
  /** The last checkpoint of it; absent where there is nothing old enough. */
  readonly last?: Checkpoint
  /**
   * An event that is too young, sealed among old ones: the clock of its server was wrong, and until then nothing
   * after it can be removed.
   */
  readonly heldBack?: { readonly lane: number; readonly number: number; readonly at: Date }
  /** Old enough, and a trail has not delivered it yet: until then nothing from here on can be removed. */
  readonly undelivered?: Undelivered
}

/** An event that a trail has still to deliver. */
interface Undelivered {
  readonly lane: number
  readonly number: number
  readonly trail: { readonly account: string; readonly region: string; readonly name: string }
}

/** What is asked of the events that are to go. */
export interface Old {
  readonly before: Date
  /** The trail that still has to deliver an event. */
  undelivered(row: TrailRow): Undelivered['trail'] | undefined
}

/** Where the lines go. */
interface Sink {
  take(line: TrailLine): Promise<void>
  /** A checkpoint was taken: what comes now may have to be forgotten. */
  mark(): void
  /** Whether it takes nothing any more. */
  readonly isFull: boolean
}

/** Tells `sink` the trail from its start to the last checkpoint whose events, and all before, are older than `before`. */
async function tellOld(trail: TrailReader, { before, undelivered }: Old, sink: Sink): Promise<OldPart> {
  let last: Checkpoint | undefined
  let events = 0
  let sinceLast = 0
  /** The checkpoint that what comes next follows. */
  let after = 0
  let young: OldPart['heldBack']
  let waiting: Undelivered | undefined
  for await (const line of trailLines(trail)) {
    if (line.kind === 'end') break
    if (line.kind === 'start') after = parseCheckpoint(line.checkpoint)?.sequence ?? 0
    if (line.kind === 'event') {
      const { lane, number, at } = line.event
      if (at >= before.getTime()) young = { lane, number, at: new Date(at) }
      const waitsFor = young ? undefined : undelivered(line.event)
      if (waitsFor) waiting = { lane, number, trail: waitsFor }
      sinceLast += 1
    }
    const checkpoint = line.kind === 'checkpoint' ? parseCheckpoint(line.text) : undefined
    if (young || waiting || (checkpoint && Date.parse(checkpoint.at) >= before.getTime())) break
    await sink.take(line)
    if (line.kind !== 'checkpoint') continue
    sink.mark()
    events += sinceLast
    sinceLast = 0
    last = checkpoint
    after = line.sequence
    if (sink.isFull) break
  }
  const heldBack = young && (await isSealedBefore(trail, after, before)) ? young : undefined
  return {
    events,
    ...(last && { last }),
    ...(heldBack && { heldBack }),
    ...(waiting && { undelivered: waiting }),
  }
}

/** Whether the checkpoint that follows is old, though one of its events is not. */
async function isSealedBefore(trail: TrailReader, after: number, before: Date): Promise<boolean> {
  const [stored] = await trail.checkpoints(after, 1)
  const next = stored && parseCheckpoint(stored.text)
  return next !== undefined && Date.parse(next.at) < before.getTime()
}

/** What would be exported, and is not. */
export function planOld(trail: TrailReader, old: Old): Promise<OldPart> {
  return tellOld(trail, old, { take: async () => {}, mark() {}, isFull: false })
}

/** A folder of exports, one after another. A file that has its name is whole: it was on the disk and verified before. */
export class ExportFolder {
  readonly #path: string

  constructor(path: string) {
    this.#path = path
  }

  /** The file that holds what follows checkpoint `sequence`, where it was exported before. */
  async holding(sequence: number): Promise<string | undefined> {
    const names = await readdir(this.#path).catch(() => [])
    const found = names.find((name) => {
      const [, from, upTo] = FILE.exec(name) ?? []
      return Number(from) <= sequence + 1 && Number(upTo) > sequence
    })
    return found && join(this.#path, found)
  }

  /**
   * Exports what is older than `before` and answers it with its file, once `verify` has read that back.
   * @param after The checkpoint that the trail starts with; 0 where it was never pruned.
   */
  async add<T>(
    { trail, after, old }: { readonly trail: TrailReader; readonly after: number; readonly old: Old },
    verify: (file: string) => Promise<T>,
  ): Promise<OldPart & { readonly exported?: { readonly file: string; readonly verified: T } }> {
    await mkdir(this.#path, { recursive: true, mode: 0o700 })
    await this.#removeParts()
    const part = join(this.#path, `${PART}${process.pid}${PART_END}`)
    try {
      const told = await writeOld(trail, old, part)
      if (!told.last) return told
      const verified = await verify(part)
      const file = join(this.#path, `trail-${digits(after + 1)}-${digits(told.last.sequence)}.jsonl`)
      // Unlike a rename, a link never takes the place of another export.
      await link(part, file)
      await this.#sync()
      return { ...told, exported: { file, verified } }
    } finally {
      await unlink(part).catch(() => {})
    }
  }

  /** Makes the names in the folder durable. */
  async #sync(): Promise<void> {
    const folder = await open(this.#path)
    await folder.sync()
    await folder.close()
  }

  /** What a killed run has left. A run that is still under way then fails to link its file, and removes nothing. */
  async #removeParts(): Promise<void> {
    for (const name of await readdir(this.#path))
      if (name.startsWith(PART)) await unlink(join(this.#path, name)).catch(() => {})
  }
}

/** The files of a folder of exports, in the order of what they hold. */
export async function exportsIn(folder: string): Promise<readonly string[]> {
  const names = await readdir(folder)
  return names
    .filter((name) => FILE.test(name))
    .sort()
    .map((name) => join(folder, name))
}

export function linesIn(file: string): AsyncGenerator<TrailLine> {
  return readTrail(createReadStream(file))
}

async function writeOld(trail: TrailReader, old: Old, file: string): Promise<OldPart> {
  const handle = await open(file, 'wx', 0o600)
  try {
    const out = new PartFile(handle)
    const told = await tellOld(trail, old, out)
    await out.finish(told.events)
    return told
  } finally {
    await handle.close()
  }
}

/** Writes lines, and forgets those after the last mark. */
class PartFile implements Sink {
  readonly #handle: FileHandle
  #held: string[] = []
  /** How many bytes were written to the file, and how many were taken. */
  #written = 0
  #taken = 0
  #marked = 0
  #events = 0
  #checkpoints = 0

  constructor(handle: FileHandle) {
    this.#handle = handle
  }

  get isFull(): boolean {
    return this.#events >= EVENTS_IN_A_FILE || this.#checkpoints >= CHECKPOINTS_IN_A_FILE
  }

  async take(line: TrailLine): Promise<void> {
    if (line.kind === 'event') this.#events += 1
    const text = `${textOf(line)}\n`
    this.#held.push(text)
    this.#taken += Buffer.byteLength(text)
    if (this.#taken - this.#written >= WRITTEN_AT_ONCE) await this.#write()
  }

  mark(): void {
    this.#checkpoints += 1
    this.#marked = this.#taken
  }

  async finish(events: number): Promise<void> {
    await this.#write()
    await this.#handle.truncate(this.#marked)
    this.#taken = this.#marked
    this.#written = this.#marked
    await this.take({ kind: 'end', events, checkpoints: this.#checkpoints })
    await this.#write()
    await this.#handle.sync()
  }

  async #write(): Promise<void> {
    const bytes = Buffer.from(this.#held.join(''))
    await this.#handle.write(bytes, 0, bytes.length, this.#written)
    this.#written += bytes.length
    this.#held = []
  }
}

function digits(sequence: number): string {
  return String(sequence).padStart(DIGITS, '0')
}
