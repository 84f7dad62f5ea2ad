import type { TrailRow } from '../store/trail.ts'
import { type Checkpoint, checkpointInLine, parseCheckpoint } from './checkpoint.ts'
import type { TrailLine } from './lines.ts'
import { parseStart } from './start.ts'
import type { Verdict } from './verdict.ts'
import { type VerifyOptions, verifyTrail } from './verify.ts'

/** Longer than any line that Lockstep writes, so that a file without line ends cannot fill the memory. */
const MAX_LINE_LENGTH = 4 * 1024 * 1024

/** A trail as text: one JSON object per line. Everything that a verifier needs, and no key but the public one. */
export async function* exportTrail(lines: AsyncIterable<TrailLine>): AsyncGenerator<string> {
  for await (const line of lines) yield `${textOf(line)}\n`
}

/**
 * Verifies an export without the database.
 * @param input The file, in pieces of any size.
 * @throws TypeError when {@link VerifyOptions.publicKey} is no Ed25519 public key.
 */
export function verifyExport(
  input: AsyncIterable<Uint8Array | string>,
  options: Omit<VerifyOptions, 'missingTerms'>,
): Promise<Verdict> {
  return verifyTrail(readTrail(input), options)
}

/** Undoes {@link exportTrail}. A line that it would not have written, to the byte, comes out as unreadable. */
export async function* readTrail(input: AsyncIterable<Uint8Array | string>): AsyncGenerator<TrailLine> {
  let number = 0
  for await (const some of linesOf(input)) {
    for (const text of some) {
      number += 1
      yield lineIn(text) ?? { kind: 'unreadable', line: number }
    }
  }
}

/** The checkpoints in a file that left the house: a log, an export, or nothing but checkpoints, one per line. */
export async function readWitnesses(
  input: AsyncIterable<Uint8Array | string>,
): Promise<readonly Checkpoint[]> {
  const witnesses: Checkpoint[] = []
  for await (const some of linesOf(input))
    witnesses.push(...some.map(checkpointInLine).filter((checkpoint) => checkpoint !== undefined))
  return witnesses
}

export function textOf(line: TrailLine): string {
  switch (line.kind) {
    case 'event':
      return textOfEvent(line.event)
    case 'start': {
      const { text, checkpoint } = line
      const members = {
        start: parseStart(text) ?? text,
        checkpoint: parseCheckpoint(checkpoint) ?? checkpoint,
      }
      return JSON.stringify({ kind: 'start', ...members })
    }
    case 'checkpoint': {
      const { sequence, text } = line
      return JSON.stringify({ kind: 'checkpoint', sequence, checkpoint: parseCheckpoint(text) ?? text })
    }
    default:
      return JSON.stringify(line)
  }
}

/** Each member by name: a quarter faster than all of them at once, and there are millions. */
function textOfEvent(event: TrailRow): string {
  return JSON.stringify({
    kind: 'event',
    lane: event.lane,
    number: event.number,
    account: event.account,
    region: event.region,
    eventId: event.eventId,
    at: event.at,
    source: event.source,
    name: event.name,
    readOnly: event.readOnly,
    userName: event.userName,
    accessKeyId: event.accessKeyId,
    resources: event.resources,
    body: event.body,
    digest: hex(event.digest),
    mac: hex(event.mac),
  })
}

function lineIn(text: string): TrailLine | undefined {
  try {
    const line = lineOf(JSON.parse(text))
    return textOf(line) === text ? line : undefined
  } catch (error) {
    // JSON.parse's own error, or that of a member which is not what it should be.
    if (error instanceof SyntaxError || error instanceof TypeError) return undefined
    throw error
  }
}

/** @throws TypeError where `parsed` is not the JSON of a line. */
function lineOf(parsed: unknown): TrailLine {
  // Nothing is believed of the members: each is looked at below.
  const members = Object(parsed) as Readonly<Record<string, unknown>>
  switch (members.kind) {
    case 'trail':
      return { kind: 'trail', publicKey: text(members.publicKey) }
    case 'start': {
      const { start, checkpoint } = members
      return { kind: 'start', text: textOrObject(start), checkpoint: textOrObject(checkpoint) }
    }
    case 'lane':
      return { kind: 'lane', lane: integer(members.lane), keyGeneration: integer(members.keyGeneration) }
    case 'event':
      return { kind: 'event', event: rowOf(members) }
    case 'checkpoint': {
      const { sequence, checkpoint } = members
      return { kind: 'checkpoint', sequence: integer(sequence), text: textOrObject(checkpoint) }
    }
    case 'end':
      return { kind: 'end', events: integer(members.events), checkpoints: integer(members.checkpoints) }
    default:
      throw new TypeError('not a line of a trail')
  }
}

/** Members in the order in which the store answers them: {@link textOf} keeps it. */
function rowOf(members: Readonly<Record<string, unknown>>): TrailRow {
  const readOnly = integer(members.readOnly)
  if (readOnly !== 0 && readOnly !== 1) throw new TypeError('not a flag')
  return {
    lane: integer(members.lane),
    number: integer(members.number),
    account: text(members.account),
    region: text(members.region),
    eventId: text(members.eventId),
    at: integer(members.at),
    source: text(members.source),
    name: text(members.name),
    readOnly,
    userName: members.userName === null ? null : text(members.userName),
    accessKeyId: members.accessKeyId === null ? null : text(members.accessKeyId),
    resources: text(members.resources),
    body: text(members.body),
    digest: Buffer.from(text(members.digest), 'hex'),
    mac: Buffer.from(text(members.mac), 'hex'),
  }
}

/** A text that is JSON of its own stands in the file as it is, and as a string where it is not what we write. */
function textOrObject(value: unknown): string {
  return typeof value === 'object' ? JSON.stringify(value) : text(value)
}

function text(value: unknown): string {
  if (typeof value !== 'string') throw new TypeError('not a text')
  return value
}

function integer(value: unknown): number {
  if (typeof value !== 'number' || !Number.isSafeInteger(value)) throw new TypeError('not an integer')
  return value
}

function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('hex')
}

/** Lines of any length up to {@link MAX_LINE_LENGTH}; what is longer ends the file as one line that nobody wrote. */
async function* linesOf(input: AsyncIterable<Uint8Array | string>): AsyncGenerator<readonly string[]> {
  const utf8 = new TextDecoder('utf-8', { ignoreBOM: true })
  let rest = ''
  for await (const piece of input) {
    const lines = (rest + (typeof piece === 'string' ? piece : utf8.decode(piece, { stream: true }))).split(
      '\n',
    )
    rest = lines.pop() ?? ''
    yield lines
    if (rest.length > MAX_LINE_LENGTH) break
  }
  rest += utf8.decode()
  if (rest !== '') yield [rest]
}
