import { createHash, createPublicKey, type KeyObject, sign, verify } from 'node:crypto'

/** How far a lane reaches. */
export interface LanePosition {
  readonly lane: number
  /** Of its last event; 0 before the first. */
  readonly number: number
  /** Of its last event, in hexadecimal. */
  readonly mac: string
}

/** What the sealer says of the trail at one instant. */
export interface Statement {
  /** Counts from 1 without a gap. */
  readonly sequence: number
  /** ISO 8601 */
  readonly at: string
  /** How many events it adds to the chain. */
  readonly count: number
  /** The chain's head before and after those events; see chain.ts. */
  readonly previousHead: string
  readonly head: string
  /** The lanes that may grow or grew since the checkpoint before, by number. Those not listed are where they were. */
  readonly lanes: readonly LanePosition[]
  /** {@link fingerprintOf} the key that signs. */
  readonly key: string
}

/** A statement with its signature, as it goes to the store, the log and every export. */
export interface Checkpoint extends Statement {
  /** Ed25519 over {@link signedBytes}, in base64. */
  readonly signature: string
}

/** Sets these signatures apart from any other that the key might ever make. */
const LABEL = 'lockstep trail checkpoint 1\n'
const SIGNATURE_BYTES = 64
const HASH = /^[0-9a-f]{64}$/

export function signCheckpoint(statement: Statement, privateKey: KeyObject): Checkpoint {
  return { ...statement, signature: sign(null, signedBytes(statement), privateKey).toString('base64') }
}

/** Whether the holder of the private key made exactly this checkpoint. */
export function isSignedBy(checkpoint: Checkpoint, publicKey: KeyObject): boolean {
  return verify(null, signedBytes(checkpoint), publicKey, Buffer.from(checkpoint.signature, 'base64'))
}

/** The first 16 hexadecimal digits of SHA-256 over the public key's DER: enough to tell keys apart. */
export function fingerprintOf(publicKey: KeyObject): string {
  const der = publicKey.export({ type: 'spki', format: 'der' })
  return createHash('sha256').update(der).digest('hex').slice(0, 16)
}

/** @throws TypeError when the text is no Ed25519 public key in PEM. */
export function publicKeyOf(pem: string): KeyObject {
  const key = createPublicKey(pem)
  if (key.asymmetricKeyType !== 'ed25519') throw new TypeError('The trail is signed with Ed25519 keys only')
  return key
}

/** The one text that {@link publicKeyOf} reads back as this key. */
export function pemOf(publicKey: KeyObject): string {
  return publicKey.export({ type: 'spki', format: 'pem' }).toString()
}

/** The one text of a checkpoint: members in a fixed order, no spaces. */
export function checkpointText(checkpoint: Checkpoint): string {
  return JSON.stringify({ ...statementOf(checkpoint), signature: checkpoint.signature })
}

/** Undoes {@link checkpointText}. Undefined for anything that it did not write, to the byte. */
export function parseCheckpoint(text: string): Checkpoint | undefined {
  const checkpoint = checkpointIn(parseJson(text))
  return checkpoint && checkpointText(checkpoint) === text ? checkpoint : undefined
}

/**
 * Finds a checkpoint in a line that left the house: one written by itself, or a line of the server's log that
 * carries it as `checkpoint`.
 */
export function checkpointInLine(line: string): Checkpoint | undefined {
  const parsed = parseJson(line)
  if (typeof parsed !== 'object' || parsed === null) return undefined
  return checkpointIn('checkpoint' in parsed ? parsed.checkpoint : parsed)
}

function signedBytes(statement: Statement): Buffer {
  return Buffer.from(LABEL + JSON.stringify(statementOf(statement)))
}

function statementOf({ sequence, at, count, previousHead, head, lanes, key }: Statement): Statement {
  const positions = lanes.map(({ lane, number, mac }) => ({ lane, number, mac }))
  return { sequence, at, count, previousHead, head, lanes: positions, key }
}

export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

function checkpointIn(value: unknown): Checkpoint | undefined {
  // The only claim made here is of shape, and every member is looked at below.
  const { sequence, at, count, previousHead, head, lanes, key, signature } = (value ?? {}) as Record<
    keyof Checkpoint,
    unknown
  >
  return isCount(sequence) &&
    isCount(count) &&
    isText(at) &&
    isHash(previousHead) &&
    isHash(head) &&
    isText(key) &&
    isSignature(signature) &&
    Array.isArray(lanes) &&
    lanes.every(isPosition)
    ? { sequence, at, count, previousHead, head, lanes, key, signature }
    : undefined
}

function isPosition(value: unknown): value is LanePosition {
  if (typeof value !== 'object' || value === null) return false
  const { lane, number, mac } = value as Record<keyof LanePosition, unknown>
  return isCount(lane) && isCount(number) && isHash(mac)
}

export function isCount(value: unknown): value is number {
  return Number.isSafeInteger(value) && Number(value) >= 0
}

export function isText(value: unknown): value is string {
  return typeof value === 'string'
}

/** In the one spelling that base64 has for it: the unused bits before the `==` are zero. */
export function isSignature(value: unknown): value is string {
  if (!isText(value)) return false
  const bytes = Buffer.from(value, 'base64')
  return bytes.length === SIGNATURE_BYTES && bytes.toString('base64') === value
}

export function isHash(value: unknown): value is string {
  return isText(value) && HASH.test(value)
}

/** The key in `pem`; nothing where it is not Ed25519, or not in the very form that Lockstep writes. */
export function publicKeyIn(pem: string): KeyObject | undefined {
  try {
    const key = publicKeyOf(pem)
    return pemOf(key) === pem ? key : undefined
  } catch {
    return undefined
  }
}
