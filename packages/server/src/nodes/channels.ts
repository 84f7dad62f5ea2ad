import type { FrameBody } from '@lockstep/wire'
import type { Outlet } from '../gateway/open-reply.ts'
import type { Place } from '../store/store.ts'
import type { NodeName } from './dispatch.ts'

/** The node's side takes a stream for dead after 45 s without a word. */
const PING_MS = 15_000
/** Between two pings of one node, this much more by chance, so that a fleet's do not come at once. */
export const PING_SPREAD_MS = 5_000
const POLL_MS = 20_000
/** What waits for a node that reads slowly; the rest waits in the store. */
const FULL_BYTES = 256 * 1024
/** Sent and not reported as begun. The agent runs five side by side. */
const MAX_UNDER_WAY = 16

/** One node that listens. */
export interface Channel {
  readonly node: NodeName
  readonly kind: 'stream' | 'poll'
  /** Of the agent's process. */
  readonly session: string
  readonly outlet: Outlet
  /** What was sent over this very channel: commands by their id, cancellations as `cancel ID`. */
  readonly sent: Set<string>
  /** When something is said though there is nothing to say. */
  quietUntilMs: number
  /** The generation of the desired state that it has or was sent. */
  generation: number
  isOpen: boolean
  /** Something was sent over it. */
  wasTold: boolean
  /** What is due was asked for once, at least. */
  isFed: boolean
}

export type NewChannel = Pick<Channel, 'node' | 'kind' | 'session' | 'outlet' | 'generation'>

/** The nodes that listen to this server, each over one channel. */
export class Channels {
  readonly #byNode = new Map<string, Channel>()
  /** @param line what a body becomes on the wire */
  readonly #line: (body: FrameBody) => string

  constructor(line: (body: FrameBody) => string) {
    this.#line = line
  }

  get size(): number {
    return this.#byNode.size
  }

  [Symbol.iterator](): IterableIterator<Channel> {
    return this.#byNode.values()
  }

  get(node: NodeName): Channel | undefined {
    return this.#byNode.get(keyOf(node))
  }

  /** Opens one, and ends the one that the node has, which is answered. */
  open(asked: NewChannel, nowMs: number): { readonly channel: Channel; readonly replaced?: Channel } {
    const key = keyOf(asked.node)
    const replaced = this.#byNode.get(key)
    const wait = asked.kind === 'poll' ? POLL_MS : 0
    const channel: Channel = {
      ...asked,
      sent: new Set(),
      quietUntilMs: nowMs + wait,
      isOpen: true,
      wasTold: false,
      isFed: false,
    }
    this.#byNode.set(key, channel)
    asked.outlet.onClosed(() => {
      channel.isOpen = false
      if (this.#byNode.get(key) === channel) this.#byNode.delete(key)
    })
    if (!replaced?.isOpen) return { channel }
    this.close(replaced)
    return { channel, replaced }
  }

  close(channel: Channel): void {
    channel.isOpen = false
    const key = keyOf(channel.node)
    if (this.#byNode.get(key) === channel) this.#byNode.delete(key)
    channel.outlet.end()
  }

  /** Whether more may be sent now. */
  hasRoom({ outlet, isOpen, sent }: Channel): boolean {
    return isOpen && sent.size < MAX_UNDER_WAY && outlet.waitingBytes < FULL_BYTES
  }

  send(channel: Channel, body: FrameBody, next: { readonly nowMs: number; readonly spreadMs: number }): void {
    if (!channel.isOpen) return
    channel.wasTold = true
    channel.quietUntilMs = next.nowMs + PING_MS + next.spreadMs
    if (!channel.outlet.send(this.#line(body))) this.close(channel)
  }
}

/** The same, those of one place together. */
export function byPlace(
  channels: readonly Channel[],
): readonly { readonly place: Place; readonly channels: readonly Channel[] }[] {
  const places = new Map<string, { place: Place; channels: Channel[] }>()
  for (const channel of channels) {
    const { account, region } = channel.node
    const key = `${account}/${region}`
    const found = places.get(key)
    if (found) found.channels.push(channel)
    else places.set(key, { place: { account, region }, channels: [channel] })
  }
  return [...places.values()]
}

function keyOf({ account, region, id }: NodeName): string {
  return `${account}/${region}/${id}`
}
