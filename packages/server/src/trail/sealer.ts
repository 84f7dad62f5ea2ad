import { createPublicKey, type KeyObject } from 'node:crypto'
import type { Clock } from '../platform/clock.ts'
import { nextTurn, type Timer } from '../platform/timer.ts'
import type { Readers, Store } from '../store/store.ts'
import { LANES_AT_ONCE, type TrailStamp } from '../store/trail.ts'
import { FIRST_HEAD, Link } from './chain.ts'
import {
  type Checkpoint,
  checkpointText,
  isSignedBy,
  type LanePosition,
  parseCheckpoint,
  signCheckpoint,
} from './checkpoint.ts'
import { NO_MAC } from './lane.ts'
import type { SigningKey } from './signing-key.ts'

/** How often to call {@link Sealer.seal}: what an attacker may cut off unseen is at most this old. */
export const SEAL_INTERVAL_MS = 1000

/**
 * An idle trail is still sealed this often, so that the log shows that nothing happened, and not merely
 * nothing.
 */
const IDLE_INTERVAL_MS = 60 * 60 * 1000

/** Read of each lane in one question for many; most lanes have no more than that in a second. */
const FIRST_STAMPS = 64
/** Read of one lane that has more; about two milliseconds. */
const STAMPS_AT_ONCE = 1000

const BEFORE_FIRST = Buffer.from(NO_MAC).toString('hex')

/** The trail is not what was sealed. Nothing is sealed any more until a person has looked. */
export class TrailBroken extends Error {
  override readonly name = 'TrailBroken'
}

/** What a sealer uses of a store. */
export interface SealerStore extends Pick<Store, 'write' | 'openLanes'> {
  readonly read: Pick<Readers, 'trail'>
}

export interface SealerDoors {
  readonly store: SealerStore
  readonly clock: Clock
  readonly timer: Timer
  readonly key: SigningKey
  /** Runs when a checkpoint is stored: write it to the log, so that it leaves the house. */
  onCheckpoint(checkpoint: Checkpoint): void
}

/**
 * Ties what the lanes hold into one chain and signs its head. README.md tells what that proves.
 *
 * Of several servers one seals, and the newest checkpoint is its lease: whoever finds one that another made since
 * the round before sits this round out. Should two seal at once, the store keeps the first checkpoint of a
 * sequence and the other is dropped.
 *
 * A round costs five questions, whatever is stored, and one more for every thirty lanes that are open.
 */
export class Sealer {
  readonly #doors: SealerDoors
  readonly #publicKey: KeyObject
  /** The newest checkpoint that this sealer has made or checked. */
  #last: Checkpoint | undefined
  #running: Promise<Checkpoint | undefined> | undefined

  constructor(doors: SealerDoors) {
    this.#doors = doors
    this.#publicKey = createPublicKey(doors.key.privateKey)
  }

  /**
   * Seals what is there. Answers the checkpoint; nothing when there is nothing to seal, or another sealer was
   * faster. A call while another runs joins it. Repeating it is harmless, whatever became of the time before.
   *
   * @throws TrailBroken when the database contradicts what was sealed; StoreUnavailable
   */
  seal(): Promise<Checkpoint | undefined> {
    this.#running ??= this.#seal().finally(() => {
      this.#running = undefined
    })
    return this.#running
  }

  async #seal(): Promise<Checkpoint | undefined> {
    const { store, clock, key, onCheckpoint } = this.#doors
    const now = clock.now()
    const own = this.#last
    const last = await this.#newest()
    if (own && last !== own) return undefined

    const link = new Link(last?.head ?? FIRST_HEAD)
    const lanes = await this.#addLanes(last, link)
    const { count } = link
    if (count === 0 && !isDue(last, now)) return undefined
    const statement = {
      sequence: (last?.sequence ?? 0) + 1,
      at: now.toISOString(),
      count,
      previousHead: last?.head ?? FIRST_HEAD,
      head: link.close(),
      lanes,
      key: key.fingerprint,
    }
    const checkpoint = signCheckpoint(statement, key.privateKey)
    const stored = { sequence: checkpoint.sequence, text: checkpointText(checkpoint) }
    if (!(await store.write(({ trail }) => trail.addCheckpoint(stored)))) return undefined
    this.#last = checkpoint
    onCheckpoint(checkpoint)
    return checkpoint
  }

  /** The newest stored checkpoint, once it is known to be a sealer's own and not older than the last one seen. */
  async #newest(): Promise<Checkpoint | undefined> {
    const stored = await this.#doors.store.read.trail.lastCheckpoint()
    const known = this.#last
    if (known && stored?.text === checkpointText(known)) return known
    if (known && (stored?.sequence ?? 0) <= known.sequence) {
      throw new TrailBroken(
        `Checkpoint ${known.sequence} is gone or was replaced: the database was rolled back.`,
      )
    }
    if (!stored) return undefined
    const checkpoint = parseCheckpoint(stored.text)
    if (checkpoint?.sequence !== stored.sequence || !isSignedBy(checkpoint, this.#publicKey)) {
      throw new TrailBroken(`Checkpoint ${stored.sequence} was not made by this installation's signing key.`)
    }
    this.#last = checkpoint
    return checkpoint
  }

  /**
   * Adds every event after `last` to the link, lane by lane, and answers how far the lanes reach. README.md says why
   * nothing can slip through between the three questions, and why they stand in this order.
   */
  async #addLanes(last: Checkpoint | undefined, link: Link): Promise<readonly LanePosition[]> {
    const positions = [...(last?.lanes ?? [])].sort((a, b) => a.lane - b.lane)
    positions.push(...(await this.#lanesAfter(positions.at(-1)?.lane ?? 0)))
    const open = await this.#doors.store.openLanes()
    // The highest stays, so that the next sealer knows which lanes are new.
    const highest = positions.at(-1)?.lane
    const reached: LanePosition[] = []
    for (let at = 0; at < positions.length; at += LANES_AT_ONCE) {
      const some = positions.slice(at, at + LANES_AT_ONCE)
      const stamps = await this.#doors.store.read.trail.stampsOf(some, FIRST_STAMPS)
      const first = Map.groupBy(stamps, ({ lane }) => lane)
      for (const position of some) {
        const end = await this.#addLane(position, first.get(position.lane) ?? [], link)
        const grew = end.number > position.number
        if (grew || open.has(end.lane) || end.lane === highest) reached.push(end)
      }
    }
    return reached
  }

  /** The lanes that were opened after the one that is the newest in the last checkpoint, by number. */
  async #lanesAfter(newest: number): Promise<readonly LanePosition[]> {
    const found: LanePosition[] = []
    for (;;) {
      const page = await this.#doors.store.read.trail.lanes(found.at(-1)?.lane ?? newest)
      if (page.length === 0) return found
      found.push(...page.map(({ lane }) => ({ lane, number: 0, mac: BEFORE_FIRST })))
    }
  }

  /** @param first What follows `position`, or the first {@link FIRST_STAMPS} of it. */
  async #addLane(position: LanePosition, first: readonly TrailStamp[], link: Link): Promise<LanePosition> {
    const { store, timer } = this.#doors
    const { lane } = position
    let end = addStamps(position, first, link)
    for (let isMore = first.length === FIRST_STAMPS; isMore; ) {
      await nextTurn(timer)
      const stamps = await store.read.trail.stamps(lane, end.number, STAMPS_AT_ONCE)
      end = addStamps(end, stamps, link)
      isMore = stamps.length === STAMPS_AT_ONCE
    }
    return end
  }
}

function addStamps(end: LanePosition, stamps: readonly TrailStamp[], link: Link): LanePosition {
  const { lane } = end
  for (const [index, stamp] of stamps.entries()) {
    const number = end.number + index + 1
    if (stamp.number !== number) throw new TrailBroken(`Event ${number} of lane ${lane} is missing.`)
    link.add(stamp)
  }
  const last = stamps.at(-1)
  return last ? { lane, number: last.number, mac: Buffer.from(last.mac).toString('hex') } : end
}

/** Whether it is time for a checkpoint that seals nothing. A trail without events has none. */
function isDue(last: Checkpoint | undefined, now: Date): boolean {
  return last !== undefined && now.getTime() - Date.parse(last.at) >= IDLE_INTERVAL_MS
}
