import type { KeyObject } from 'node:crypto'
import { OpenFailure } from '../keyring/open-failure.ts'
import type { TrailAttribute, TrailRow } from '../store/trail.ts'
import { StoreUnavailable } from '../store/unavailable.ts'
import { FIRST_HEAD, Link } from './chain.ts'
import {
  type Checkpoint,
  fingerprintOf,
  isSignedBy,
  parseCheckpoint,
  publicKeyIn,
  publicKeyOf,
} from './checkpoint.ts'
import type { TrailLine } from './lines.ts'
import { checkpointFault, eventFault, fileFault, keyFault, type Suspicion, startFault } from './suspicion.ts'
import type { Extent, Verdict } from './verdict.ts'
import { LaneVerifier } from './verify-lane.ts'
import { type Beginning, beginningOf } from './verify-start.ts'

export interface VerifyOptions {
  /** PEM. Absent: the key that comes with the trail is used, which whoever wrote the trail could have chosen. */
  readonly publicKey?: string | undefined
  /**
   * The key of the lanes of one keyring generation. Absent: MACs are not checked.
   * @throws OpenFailure for a generation there is none of.
   */
  readonly laneKey?: ((generation: number) => KeyObject) | undefined
  /** Checkpoints that left the house earlier, from a log or an export: the trail must contain every one of them. */
  readonly witnesses?: readonly Checkpoint[] | undefined
  /** {@link TrailReader.missingTerms}, where there is a database. */
  readonly missingTerms?: ((row: TrailRow) => Promise<readonly TrailAttribute[]>) | undefined
}

/**
 * Recomputes everything: digests, numbers, MACs where the key is at hand, chain, signatures. Stops at the first
 * thing that is wrong, and reads on only to learn whether it is missing or merely elsewhere.
 *
 * @throws TypeError when {@link VerifyOptions.publicKey} is no Ed25519 public key.
 */
export async function verifyTrail(lines: AsyncIterable<TrailLine>, options: VerifyOptions): Promise<Verdict> {
  const verifier = new Verifier(options)
  let suspicion: Suspicion | undefined
  try {
    for await (const line of lines) {
      if (!suspicion) suspicion = await verifier.take(line)
      else if (line.kind === 'event') suspicion.consider?.(line.event)
      if (suspicion && (!suspicion.consider || suspicion.finding.what === 'moved')) break
    }
    suspicion ??= verifier.finish()
  } catch (error) {
    if (!isDamage(error)) throw error
    suspicion ??= fileFault(
      'unreadable',
      'The database is damaged, or holds numbers that Lockstep never writes.',
    )
  }
  const extent = verifier.extent()
  return suspicion ? { kind: 'broken', finding: suspicion.finding, ...extent } : { kind: 'intact', ...extent }
}

class Verifier {
  readonly #options: VerifyOptions
  readonly #lanes = new Map<number, LaneVerifier>()
  /** By sequence; a trail that was rolled back and went on leaves two of one sequence. */
  readonly #witnesses: ReadonlyMap<number, readonly Checkpoint[]>
  #publicKey: KeyObject | undefined
  #carriesKey = false
  /** Present: the trail was pruned. */
  #beginning: Beginning | undefined
  #link = new Link(FIRST_HEAD)
  #head = FIRST_HEAD
  #last: Checkpoint | undefined
  #events = 0
  #checkpoints = 0
  #ended = false

  constructor(options: VerifyOptions) {
    this.#options = options
    this.#witnesses = Map.groupBy(options.witnesses ?? [], ({ sequence }) => sequence)
    if (options.publicKey !== undefined) this.#publicKey = publicKeyOf(options.publicKey)
  }

  async take(line: TrailLine): Promise<Suspicion | undefined> {
    switch (line.kind) {
      case 'trail':
        return this.#takeKey(line.publicKey)
      case 'start':
        return this.#takeStart(line)
      case 'lane':
        return this.#takeLane(line.lane, line.keyGeneration)
      case 'event':
        return this.#takeEvent(line.event)
      case 'checkpoint':
        return this.#takeCheckpoint(line)
      case 'end':
        return this.#takeEnd(line)
      case 'unreadable':
        return fileFault('unreadable', 'It is not a line of a trail.', line.line)
    }
  }

  /** What only the end of the trail can tell. */
  finish(): Suspicion | undefined {
    if (!this.#ended) return fileFault('cut-off', 'The end of the export is missing.')
    const last = this.#last?.sequence ?? 0
    const beyond = [...this.#witnesses.values()]
      .flat()
      .filter(({ sequence }) => sequence > last)
      .sort((a, b) => a.sequence - b.sequence)
    for (const witness of beyond) {
      const unknown = this.#checkWitness(witness)
      if (unknown) return unknown
      for (const position of witness.lanes) {
        const short = this.#laneOf(position.lane).compare(position)
        if (short?.finding.what === 'cut-off') return short
      }
    }
    const newest = beyond.at(-1)
    if (!newest) return undefined
    return checkpointFault(
      'cut-off',
      last + 1,
      `Checkpoint ${newest.sequence} left the house and is not here.`,
    )
  }

  extent(): Extent {
    const last = this.#last
    const begun = this.#beginning
    return {
      events: this.#events,
      unsealed: this.#link.count,
      checkpoints: this.#checkpoints,
      ...(begun && {
        start: { sequence: begun.start.sequence, at: begun.checkpoint.at, prunedAt: begun.start.prunedAt },
      }),
      ...(last && { lastCheckpoint: { sequence: last.sequence, at: last.at } }),
      macs: this.#options.laneKey !== undefined,
      publicKey: this.#options.publicKey !== undefined ? 'given' : this.#publicKey ? 'carried' : 'none',
      witnesses: (this.#options.witnesses ?? []).filter(
        ({ sequence }) => sequence >= (begun?.start.sequence ?? 0),
      ).length,
    }
  }

  #takeKey(pem: string): Suspicion | undefined {
    const carried = publicKeyIn(pem)
    if (!carried) return keyFault('changed', 'It is not an Ed25519 key as Lockstep writes one.')
    this.#carriesKey = true
    this.#publicKey ??= carried
    if (fingerprintOf(carried) !== fingerprintOf(this.#publicKey)) {
      return keyFault('forged', 'The trail carries another public key than the one given.')
    }
    return undefined
  }

  #takeStart(line: { readonly text: string; readonly checkpoint: string }): Suspicion | undefined {
    if (!this.#publicKey || !this.#carriesKey)
      return keyFault('missing', 'The trail was pruned and does not name the key that says so.')
    if (this.#last || this.#lanes.size > 0) return startFault('moved', 'It is not at the beginning.')
    const beginning = beginningOf(line, this.#publicKey)
    if ('finding' in beginning) return beginning
    const { checkpoint } = beginning
    const suspicion = this.#checkOrigin(checkpoint)
    if (suspicion) return suspicion
    this.#beginning = beginning
    this.#goOn(checkpoint)
    return undefined
  }

  #takeLane(lane: number, keyGeneration: number): Suspicion | undefined {
    const begun = this.#beginning?.checkpoint.lanes ?? []
    const before = begun.find((position) => position.lane === lane)
    // All that it ever held was pruned.
    if (!before && begun.some((position) => position.lane > lane)) return undefined
    try {
      this.#lanes.set(lane, new LaneVerifier(lane, this.#options.laneKey?.(keyGeneration), before))
      return undefined
    } catch (error) {
      if (!(error instanceof OpenFailure)) throw error
      return keyFault(
        'changed',
        `Lane ${lane} names generation ${keyGeneration} of the keyring, which it has not.`,
      )
    }
  }

  async #takeEvent(event: TrailRow): Promise<Suspicion | undefined> {
    const { lane, number, eventId } = event
    const verifier = this.#lanes.get(lane)
    if (!verifier) return eventFault('forged', event, 'No server has opened its lane, or it was pruned.')
    const suspicion = verifier.take(event)
    if (suspicion) return suspicion
    const missing = (await this.#options.missingTerms?.(event)) ?? []
    if (missing.length > 0) {
      const why = `LookupEvents would not find it by ${missing.join(', ')}: its search terms were removed.`
      return { finding: { kind: 'event', what: 'changed', lane, number, eventId, why } }
    }
    this.#link.add(event)
    this.#events += 1
    return undefined
  }

  #takeCheckpoint({ sequence, text }: { sequence: number; text: string }): Suspicion | undefined {
    const checkpoint = parseCheckpoint(text)
    if (checkpoint?.sequence !== sequence) {
      return checkpointFault('changed', sequence, 'It is not a text that the sealer writes.')
    }
    const suspicion =
      this.#checkOrigin(checkpoint) ?? this.#checkOrder(checkpoint) ?? this.#checkContents(checkpoint)
    if (suspicion) return suspicion
    this.#checkpoints += 1
    this.#goOn(checkpoint)
    // No other lane grew: the checkpoint's head would be another.
    for (const { lane } of checkpoint.lanes) this.#lanes.get(lane)?.seal()
    return undefined
  }

  #goOn(checkpoint: Checkpoint): void {
    this.#head = checkpoint.head
    this.#link = new Link(this.#head)
    this.#last = checkpoint
  }

  #checkOrigin(checkpoint: Checkpoint): Suspicion | undefined {
    const { sequence, key } = checkpoint
    if (!this.#publicKey || !this.#carriesKey) {
      return keyFault('missing', 'The trail has checkpoints and does not name the key that signed them.')
    }
    if (!isSignedBy(checkpoint, this.#publicKey)) {
      return key === fingerprintOf(this.#publicKey)
        ? checkpointFault('changed', sequence, 'Its signature does not fit what it says.')
        : checkpointFault('forged', sequence, 'It is signed with another key.')
    }
    const witness = this.#witnesses.get(sequence)?.find(({ head }) => head !== checkpoint.head)
    if (!witness) return undefined
    const why = 'Another checkpoint of the same number left the house: the trail was rolled back and went on.'
    return this.#checkWitness(witness) ?? checkpointFault('moved', sequence, why)
  }

  #checkOrder({ sequence, previousHead }: Checkpoint): Suspicion | undefined {
    const expected = (this.#last?.sequence ?? 0) + 1
    if (sequence > expected)
      return checkpointFault(
        'missing',
        expected,
        'There are later ones, and no signature lets the trail start with them.',
      )
    if (sequence < expected) {
      return checkpointFault(
        'moved',
        sequence,
        'It is repeated, or stands in a place that was passed already.',
      )
    }
    return previousHead === this.#head
      ? undefined
      : checkpointFault(
          'moved',
          sequence,
          'It was signed for another trail: it does not follow the one before.',
        )
  }

  #checkContents({ sequence, lanes, count, head }: Checkpoint): Suspicion | undefined {
    for (const position of lanes) {
      const suspicion = this.#laneOf(position.lane).compare(position)
      if (suspicion) return suspicion
    }
    if (count === this.#link.count && head === this.#link.close()) return undefined
    const why =
      'Together they are not what the checkpoint sealed. With the trail key the event could be named.'
    const grown = [...this.#lanes.values()]
      .map(({ unsealed }) => unsealed)
      .filter(({ from, upTo }) => upTo >= from)
    return { finding: { kind: 'events', what: 'changed', checkpoint: sequence, lanes: grown, why } }
  }

  #takeEnd({ events, checkpoints }: { events: number; checkpoints: number }): Suspicion | undefined {
    this.#ended = true
    return events === this.#events && checkpoints === this.#checkpoints
      ? undefined
      : fileFault('changed', 'It holds another number of events or checkpoints than its last line says.')
  }

  /** A checkpoint from outside is believed only when the same key has signed it. */
  #checkWitness(witness: Checkpoint): Suspicion | undefined {
    if (this.#publicKey && isSignedBy(witness, this.#publicKey)) return undefined
    return keyFault('forged', `Checkpoint ${witness.sequence} from outside was signed with another key.`)
  }

  #laneOf(lane: number): LaneVerifier {
    return this.#lanes.get(lane) ?? new LaneVerifier(lane)
  }
}

/** SQLite found its file damaged, or an integer is beyond what a position can be. */
function isDamage(error: unknown): boolean {
  return error instanceof RangeError || (error instanceof StoreUnavailable && error.reason === 'corrupt')
}
