import { Recent } from '../platform/recent.ts'
import type { Authenticated, Call } from './call.ts'
import { serviceUnavailable, throttled } from './errors.ts'
import { protocolOf } from './protocol.ts'
import type { Step } from './step.ts'

/** A token bucket: `perSecond` tokens flow in, at most `burst` are held. */
export interface Rate {
  readonly perSecond: number
  readonly burst: number
}

/** Every limit, for the configuration file. */
export interface Limits {
  /** Calls from one address, before anything about them is checked. */
  readonly address: Rate
  /** Calls of one principal, after the signature held. */
  readonly principal: Rate
  /**
   * Events from one address of calls that failed before anybody had proved who they are; those beyond are
   * answered and summed up, not recorded singly.
   */
  readonly failedSignature: Rate
}

/** Buckets remembered at once. Whoever's had to make room starts with a full one. */
const REMEMBERED_BUCKETS = 10_000

interface Bucket {
  tokens: number
  filledAtMs: number
}

/** The buckets of one {@link Rate}, one per key. Pure but for its memory: time arrives with each call. */
export class Buckets {
  readonly #rate: Rate
  readonly #buckets = new Recent<Bucket>(REMEMBERED_BUCKETS)
  constructor(rate: Rate) {
    this.#rate = rate
  }

  /** Takes a token for `key`; false when there is none. */
  take(key: string, now: Date): boolean {
    const nowMs = now.getTime()
    const bucket = this.#buckets.get(key)
    if (!bucket) {
      this.#buckets.set(key, { tokens: this.#rate.burst - 1, filledAtMs: nowMs })
      return true
    }
    const gained = (Math.max(0, nowMs - bucket.filledAtMs) / 1000) * this.#rate.perSecond
    bucket.tokens = Math.min(this.#rate.burst, bucket.tokens + gained)
    bucket.filledAtMs = nowMs
    if (bucket.tokens < 1) return false
    bucket.tokens -= 1
    return true
  }
}

/** How many calls of one address were refused without an event of their own. */
export interface Refusals {
  readonly address: string
  readonly count: number
}

/** Keeps callers within their limits, and the trail from being flooded by whoever has no key at all. */
export class Throttle {
  readonly #address: Buckets
  readonly #principal: Buckets
  readonly #failedSignature: Buckets
  #refusals = new Map<string, number>()
  constructor(limits: Limits) {
    this.#address = new Buckets(limits.address)
    this.#principal = new Buckets(limits.principal)
    this.#failedSignature = new Buckets(limits.failedSignature)
  }

  /** Refuses a flood from one address before it costs anything, and a call whose body there was no room for. */
  byAddress: Step<Call, Call> = (call, next) => {
    const { received } = call
    const isWithin = this.#address.take(networkOf(call), received.receivedAt)
    if (isWithin && !received.crowded) return next(call)
    this.sum(call)
    throw isWithin ? serviceUnavailable() : throttled(protocolOf(received))
  }

  /** Refuses a principal that asks too often; each refusal is recorded like any other. */
  byPrincipal(call: Authenticated): void {
    const { principal, received } = call
    // A session's name is the caller's choice; the role is not.
    const who = principal.session?.role?.id ?? principal.arn
    if (!this.#principal.take(who, received.receivedAt)) throw throttled(call.service.protocol)
  }

  /**
   * Counts a call that names nothing we know or whose signature does not hold; from an address with too many
   * of them the event is summed up.
   */
  unproven(call: Call): void {
    if (!this.#failedSignature.take(networkOf(call), call.received.receivedAt)) this.sum(call)
  }

  /** Refuses unsigned calls by link beyond as many as failed signatures get an event each. */
  byLink(call: Call): void {
    if (this.#failedSignature.take(networkOf(call), call.received.receivedAt)) return
    this.sum(call)
    throw throttled('query')
  }

  /** What was refused without an event since the last time, for one event per address. */
  drain(): readonly Refusals[] {
    const drained = [...this.#refusals].map(([address, count]) => ({ address, count }))
    this.#refusals = new Map()
    return drained
  }

  sum(call: Call): void {
    call.facts.summed = true
    this.count({ address: networkOf(call), count: 1 })
  }

  /** Adds to what the next {@link drain} answers. */
  count({ address, count }: Refusals): void {
    const known = this.#refusals.has(address) || this.#refusals.size < REMEMBERED_BUCKETS
    const name = known ? address : 'others'
    this.#refusals.set(name, (this.#refusals.get(name) ?? 0) + count)
  }
}

const IPV6_GROUPS = 8

/**
 * Whose address it is, as far as limits go. Of IPv6 it is the /64 network, the least that anybody is given:
 * whoever has one address of it has all 2^64.
 */
function networkOf({ received: { remoteAddress } }: Call): string {
  if (!remoteAddress.includes(':')) return remoteAddress
  const [head = '', tail] = remoteAddress.split('::')
  const left = head === '' ? [] : head.split(':')
  // An IPv4 address at the end stands for two groups.
  const right = (tail ?? '').replace(/\d+\.\d+\.\d+\.\d+/, '0:0').split(':')
  const omitted = tail === undefined ? 0 : Math.max(0, IPV6_GROUPS - left.length - right.length)
  const groups = [...left, ...Array.from({ length: omitted }, () => '0'), ...right]
  return `${groups.slice(0, 4).join(':')}::/64`
}
