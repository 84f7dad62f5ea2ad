import type { FrameBody } from '@lockstep/wire'
import type { Clock } from '../platform/clock.ts'
import type { Logger } from '../platform/logger.ts'
import type { Random } from '../platform/random.ts'
import type { Timer } from '../platform/timer.ts'
import type { Place, Store } from '../store/store.ts'
import { byPlace, type Channel, type Channels, PING_SPREAD_MS } from './channels.ts'
import type { DesiredStates } from './desired-states.ts'
import type { Dispatch, Due } from './dispatch.ts'

/** How often it is looked whether there is anything new; what is dispatched goes out this much later at most. */
const LOOK_MS = 200
/** And looked up though nothing seems to be new. */
const SWEEP_MS = 60_000
/** Rows of one query. */
const CHUNK = 500

export interface DeliveryParts {
  readonly store: Store
  readonly channels: Channels
  readonly dispatch: Dispatch
  readonly desired: DesiredStates
  readonly clock: Clock
  readonly random: Random
  readonly timer: Timer
  readonly logger: Logger
}

/**
 * Brings what is in the store to the nodes that listen here: commands, cancellations, desired states; and pings where
 * there is nothing. Of several servers each does so for its own. One clock for all of them, so that an idle node costs
 * nothing but its connection.
 */
export class Delivery implements AsyncDisposable {
  readonly #parts: DeliveryParts
  #wake: Disposable | undefined
  #looking: Promise<void> = Promise.resolve()
  #isStopped = false
  #seen = { commands: -1, nodes: -1, associations: -1 }
  #sweepAtMs = 0
  readonly #fresh = new Set<Channel>()

  constructor(parts: DeliveryParts) {
    this.#parts = parts
    this.#next(LOOK_MS)
  }

  /** A node has begun to listen: it is told at once what there is. */
  welcome(channel: Channel): void {
    this.#fresh.add(channel)
    // The first word, so that the agent knows that the way is open; a poll's ends it.
    if (channel.kind === 'stream') this.#send(channel, this.#addressed(channel, { kind: 'ping' }))
    this.#next(0)
  }

  /** Resolves when looks that have begun are over. */
  settled(): Promise<void> {
    return this.#looking
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#isStopped = true
    this.#wake?.[Symbol.dispose]()
    await this.#looking
    for (const channel of [...this.#parts.channels]) this.#parts.channels.close(channel)
  }

  #next(delayMs: number): void {
    if (this.#isStopped) return
    this.#wake?.[Symbol.dispose]()
    this.#wake = this.#parts.timer.after(delayMs, () => {
      this.#looking = this.#looking
        .then(() => this.#look())
        .catch((error: unknown) => this.#parts.logger.error('nodes.undelivered', { error }))
        .finally(() => this.#next(LOOK_MS))
    })
  }

  async #look(): Promise<void> {
    const { store, channels, clock } = this.#parts
    const nowMs = clock.now().getTime()
    const revisions = {
      commands: store.revision('commands'),
      nodes: store.revision('nodes'),
      associations: store.revision('associations'),
    }
    const isSweep = nowMs >= this.#sweepAtMs
    const before = this.#seen
    const fresh = [...this.#fresh]
    this.#fresh.clear()
    this.#seen = revisions
    if (isSweep) this.#sweepAtMs = nowMs + SWEEP_MS
    try {
      if (channels.size > 0) {
        const isNew = (topic: keyof typeof revisions) => isSweep || revisions[topic] !== before[topic]
        if (isNew('nodes')) await this.#dropDeregistered()
        // Tags of nodes decide which associations are theirs.
        await this.#tellDesired(isNew('nodes') || isNew('associations') ? [...channels] : fresh)
        await this.#deliver(isNew('commands') ? undefined : fresh)
      }
    } catch (error) {
      this.#seen = before
      for (const channel of fresh) this.#fresh.add(channel)
      throw error
    }
    this.#endPolls(nowMs)
    this.#ping(nowMs)
  }

  /** @param fresh only to these; absent: to all that have something waiting */
  async #deliver(fresh: readonly Channel[] | undefined): Promise<void> {
    const { dispatch, channels } = this.#parts
    if (fresh) {
      for (const channel of fresh) await this.#feed(channel)
      return
    }
    for (const { place, channels: held } of byPlace([...channels]))
      for (let i = 0; i < held.length; i += CHUNK) {
        const some = held.slice(i, i + CHUNK)
        const ids = some.map(({ node }) => node.id)
        const waiting = new Set(await dispatch.waitingAmong(place, ids))
        for (const channel of some)
          if (!channel.isFed || waiting.has(channel.node.id)) await this.#feed(channel)
      }
  }

  async #feed(channel: Channel): Promise<void> {
    if (!channel.isOpen) return
    const due = await this.#parts.dispatch.due(channel.node)
    channel.isFed = true
    this.#forget(channel, due)
    for (const commandId of due.cancelled) {
      const mark = `cancel ${commandId}`
      if (channel.sent.has(mark) || !channel.isOpen) continue
      channel.sent.add(mark)
      this.#send(channel, this.#addressed(channel, { kind: 'cancel', commandId }))
    }
    const now = this.#parts.clock.now()
    for (const command of due.commands) {
      if (channel.sent.has(command.commandId) || new Date(command.notAfter) <= now) continue
      if (!this.#parts.channels.hasRoom(channel)) {
        // The rest follows when the node has reported or read.
        this.#fresh.add(channel)
        return
      }
      channel.sent.add(command.commandId)
      this.#send(channel, this.#addressed(channel, { kind: 'command', command }))
    }
  }

  /** What is no longer due need not be remembered as sent. */
  #forget({ sent }: Channel, { commands, cancelled }: Due): void {
    const due = new Set([
      ...commands.map(({ commandId }) => commandId),
      ...cancelled.map((commandId) => `cancel ${commandId}`),
    ])
    for (const mark of sent) if (!due.has(mark)) sent.delete(mark)
  }

  async #tellDesired(some: readonly Channel[]): Promise<void> {
    for (const { place, channels } of byPlace(some))
      for (let i = 0; i < channels.length; i += CHUNK) {
        const chunk = channels.slice(i, i + CHUNK)
        const states = await this.#parts.desired.of(
          place,
          chunk.map(({ node }) => node.id),
        )
        for (const channel of chunk) {
          const desired = states.get(channel.node.id)
          if (!desired || desired.generation <= channel.generation) continue
          channel.generation = desired.generation
          this.#send(channel, this.#addressed(channel, { kind: 'desired', desired }))
        }
      }
  }

  /** A node that was deregistered, maybe at another server, hears nothing more. */
  async #dropDeregistered(): Promise<void> {
    const { store, channels } = this.#parts
    for (const { place, channels: held } of byPlace([...channels]))
      for (let i = 0; i < held.length; i += CHUNK) {
        const some = held.slice(i, i + CHUNK)
        const registered = await registeredOf(store, place, some)
        for (const channel of some) if (!registered.has(channel.node.id)) channels.close(channel)
      }
  }

  #ping(nowMs: number): void {
    for (const channel of this.#parts.channels)
      if (channel.kind === 'stream' && nowMs >= channel.quietUntilMs)
        this.#send(channel, this.#addressed(channel, { kind: 'ping' }))
  }

  /** A poll that was told something has its answer; one that waited in vain is told that the server is there. */
  #endPolls(nowMs: number): void {
    const { channels } = this.#parts
    for (const channel of [...channels]) {
      if (channel.kind !== 'poll' || !channel.isFed) continue
      const isOver = nowMs >= channel.quietUntilMs
      if (isOver) this.#send(channel, this.#addressed(channel, { kind: 'ping' }))
      if (isOver || channel.wasTold) channels.close(channel)
    }
  }

  #send(channel: Channel, body: FrameBody): void {
    const { channels, clock, random } = this.#parts
    const next = { nowMs: clock.now().getTime(), spreadMs: random.below(PING_SPREAD_MS) }
    channels.send(channel, body, next)
  }

  #addressed<Said extends object>({ node }: Channel, said: Said): Said & Addressed {
    return { node: node.id, issuedAt: this.#parts.clock.now().toISOString(), ...said }
  }
}

interface Addressed {
  readonly node: string
  readonly issuedAt: string
}

async function registeredOf(
  store: Store,
  place: Place,
  some: readonly Channel[],
): Promise<ReadonlySet<string>> {
  const ids = some.map(({ node }) => node.id)
  const found = await store.read.nodes.list(place, { ids, limit: ids.length })
  return new Set(found.map(({ id }) => id))
}
