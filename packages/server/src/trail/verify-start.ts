import type { KeyObject } from 'node:crypto'
import { type Checkpoint, fingerprintOf, parseCheckpoint } from './checkpoint.ts'
import { isStartSignedBy, parseStart, type TrailStart } from './start.ts'
import { checkpointFault, type Suspicion, startFault } from './suspicion.ts'

/** Where a pruned trail starts. The signature of {@link checkpoint} is still to be looked at. */
export interface Beginning {
  readonly start: TrailStart
  readonly checkpoint: Checkpoint
}

/**
 * A trail may start later than with its first event only where the signing key says so of this very checkpoint.
 * Otherwise whoever can write the database could remove the past up to any checkpoint.
 */
export function beginningOf(
  line: { readonly text: string; readonly checkpoint: string },
  publicKey: KeyObject,
): Beginning | Suspicion {
  const start = parseStart(line.text)
  if (!start) return startFault('changed', 'It is not a text that pruning writes.')
  if (!isStartSignedBy(start, publicKey)) {
    return start.key === fingerprintOf(publicKey)
      ? startFault('changed', 'Its signature does not fit what it says.')
      : startFault('forged', 'It is signed with another key.')
  }
  const { sequence, head } = start
  if (line.checkpoint === '')
    return checkpointFault('missing', sequence, 'The trail was pruned up to it, and starts with it.')
  const checkpoint = parseCheckpoint(line.checkpoint)
  return checkpoint?.sequence === sequence && checkpoint.head === head
    ? { start, checkpoint }
    : checkpointFault('changed', sequence, 'It is not the one up to which the trail was pruned.')
}
