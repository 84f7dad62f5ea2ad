import type { Random } from '../platform/random.ts'
import { Recent } from '../platform/recent.ts'
import type { Place, Store, Writers } from '../store/store.ts'
import type { TrailEntry } from '../store/trail.ts'
import { type BusEvent, busSource, isReadOnlyCall, outlineOf, trailBusEvent } from './bus-event.ts'
import { queueDeliveries } from './delivery.ts'
import { type Listener, type Listeners, listenersOf } from './listeners.ts'

/** Accounts and regions whose rules are kept in memory. */
const PLACES_KEPT = 1_000

/** Asks for the calls that only look as well. */
const HEARS_READS = 'ENABLED_WITH_ALL_CLOUDTRAIL_MANAGEMENT_EVENTS'

export interface BusDoors {
  readonly store: Store
  readonly random: Random
}

interface Known {
  /** The revision of the rules at which {@link listeners} were read, or an earlier one. */
  readonly revision: number
  readonly listeners: Listeners
}

interface Matched {
  readonly listener: Listener
  readonly event: BusEvent
}

/**
 * The way of every event to the trail: it is appended, and whatever rule of its account and region matches it has its
 * deliveries queued in the same transaction. So there is a delivery if and only if there is the event.
 *
 * The rules are kept compiled, and read again once one has changed: an event that no rule matches, which is nearly
 * every one, costs a look into memory.
 */
export class Bus {
  readonly #store: Store
  readonly #random: Random
  readonly #known = new Recent<Known>(PLACES_KEPT)

  constructor({ store, random }: BusDoors) {
    this.#store = store
    this.#random = random
  }

  /**
   * Reads the rules of a place where they have changed; nothing to wait for where they have not. To be asked before a
   * transaction that will {@link append}: within one, what is read is not for memory, and is read for each event.
   */
  prepare(place: Place): Promise<void> | undefined {
    return this.#listeners(place) ? undefined : this.#read(place)
  }

  /** Appends an event in the caller's transaction, of which it is the last act. */
  async append(tx: Writers, entry: TrailEntry): Promise<void> {
    const listeners = this.#listeners(entry) ?? listenersOf(await tx.rules.live(entry))
    const matched = this.#matching(entry, listeners)
    if (matched.length > 0) await this.#queue(tx, entry, matched)
    await tx.trail.append(entry)
  }

  /** Puts an event on the trail that belongs to no transaction, and answers when it is durable. */
  async record(entry: TrailEntry): Promise<void> {
    const reading = this.prepare(entry)
    if (reading) await reading
    const listeners = this.#listeners(entry)
    if (listeners && this.#matching(entry, listeners).length === 0) return this.#store.record(entry)
    return this.#store.write((tx) => this.append(tx, entry))
  }

  /** The rules as they are now; undefined where memory does not know. */
  #listeners(place: Place): Listeners | undefined {
    const known = this.#known.get(keyOf(place))
    return known?.revision === this.#store.revision('rules') ? known.listeners : undefined
  }

  async #read({ account, region }: Place): Promise<void> {
    // Before the look: what changes during it makes it old.
    const revision = this.#store.revision('rules')
    const listeners = listenersOf(await this.#store.read.rules.live({ account, region }))
    this.#known.set(keyOf({ account, region }), { revision, listeners })
  }

  #matching(entry: TrailEntry, listeners: Listeners): readonly Matched[] {
    const concerned = listeners.among(busSource(entry.source), entry.name)
    if (concerned.length === 0) return NONE
    const isRead = isReadOnlyCall(entry.name)
    const outline = outlineOf(entry)
    const candidates = concerned.filter(
      ({ state, compiled }) => (!isRead || state === HEARS_READS) && compiled.couldMatch(outline),
    )
    if (candidates.length === 0) return NONE
    const event = trailBusEvent(entry, this.#random.uuid())
    return candidates
      .filter(({ compiled }) => compiled.matches(event))
      .map((listener) => ({ listener, event }))
  }

  async #queue(tx: Writers, entry: TrailEntry, matched: readonly Matched[]): Promise<void> {
    const doors = { random: this.#random, now: entry.at }
    for (const { listener, event } of matched)
      await queueDeliveries(tx, entry, { rule: listener.name, targetIds: listener.targetIds, event }, doors)
  }
}

const NONE: readonly Matched[] = []

function keyOf({ account, region }: Place): string {
  return `${account}/${region}`
}
