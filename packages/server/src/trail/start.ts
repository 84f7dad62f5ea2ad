import { type KeyObject, sign, verify } from 'node:crypto'
import { type Checkpoint, isCount, isHash, isSignature, isText, parseJson } from './checkpoint.ts'

/** Where a pruned trail starts, in the words of whoever pruned it. */
export interface TrailStart {
  /** Of the checkpoint up to which everything was exported and removed. It is still there itself. */
  readonly sequence: number
  /** The chain's head in that checkpoint. */
  readonly head: string
  /** When it was pruned: ISO 8601. */
  readonly prunedAt: string
  /** Fingerprint of the key that signs. */
  readonly key: string
  /** Ed25519, in base64, by the key that signs the checkpoints. */
  readonly signature: string
}

/** Sets these signatures apart from those of checkpoints: a checkpoint alone is no leave to start there. */
const LABEL = 'lockstep trail start 1\n'

/** Says that the trail may start at this checkpoint, because what lies before was exported. */
export function signStart(
  { sequence, head, key }: Checkpoint,
  prunedAt: Date,
  privateKey: KeyObject,
): TrailStart {
  const said = { sequence, head, prunedAt: prunedAt.toISOString(), key }
  return { ...said, signature: sign(null, signedBytes(said), privateKey).toString('base64') }
}

export function isStartSignedBy(start: TrailStart, publicKey: KeyObject): boolean {
  return verify(null, signedBytes(start), publicKey, Buffer.from(start.signature, 'base64'))
}

/** The one text of a start: members in a fixed order, no spaces. */
export function startText(start: TrailStart): string {
  return JSON.stringify({ ...saidIn(start), signature: start.signature })
}

/** Undoes {@link startText}. Undefined for anything that it did not write, to the byte. */
export function parseStart(text: string): TrailStart | undefined {
  const start = startIn(parseJson(text))
  return start && startText(start) === text ? start : undefined
}

function signedBytes(start: Omit<TrailStart, 'signature'>): Buffer {
  return Buffer.from(LABEL + JSON.stringify(saidIn(start)))
}

function saidIn({ sequence, head, prunedAt, key }: Omit<TrailStart, 'signature'>) {
  return { sequence, head, prunedAt, key }
}

function startIn(value: unknown): TrailStart | undefined {
  // The only claim made here is of shape, and every member is looked at below.
  const { sequence, head, prunedAt, key, signature } = (value ?? {}) as Record<keyof TrailStart, unknown>
  return isCount(sequence) && isHash(head) && isText(prunedAt) && isText(key) && isSignature(signature)
    ? { sequence, head, prunedAt, key, signature }
    : undefined
}
