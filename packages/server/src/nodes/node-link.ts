import type { Listen, Report, ReportAnswer } from '@lockstep/wire'
import type { Bus } from '../bus/bus.ts'
import type { Received, Reply } from '../gateway/call.ts'
import type { OpenReply } from '../gateway/open-reply.ts'
import { Buckets, type Throttle } from '../gateway/throttle.ts'
import type { Keyring } from '../keyring/keyring.ts'
import type { Clock } from '../platform/clock.ts'
import type { Logger } from '../platform/logger.ts'
import type { Metrics } from '../platform/metrics.ts'
import type { Random } from '../platform/random.ts'
import type { Timer } from '../platform/timer.ts'
import type { FleetNode } from '../store/nodes.ts'
import type { Place, Store } from '../store/store.ts'
import { type Channel, Channels } from './channels.ts'
import { Delivery } from './delivery.ts'
import { DesiredStates } from './desired-states.ts'
import type { Associations, Dispatch } from './dispatch.ts'
import { sameFacts } from './facts.ts'
import { type FleetKey, openFleetKey } from './fleet-key.ts'
import { listenIn, reportIn } from './messages.ts'
import { NodeEvents } from './node-events.ts'
import { claimedNode, provenNode } from './node-request.ts'
import { Presence } from './presence.ts'
import { isRefusal, jsonReply, type Refusal, refusalReply, refusals } from './refusals.ts'
import { Registrar } from './register.ts'
import { ReplayGuard } from './replay-guard.ts'

export interface NodeLinkParts {
  readonly store: Store
  /** The way of its events to the trail. */
  readonly bus: Bus
  readonly keyring: Keyring
  readonly dispatch: Dispatch
  readonly associations: Associations
  readonly throttle: Throttle
  readonly clock: Clock
  readonly random: Random
  readonly timer: Timer
  readonly logger: Logger
  readonly metrics: Metrics
  readonly home: Place
}

const NDJSON = {
  'content-type': 'application/x-ndjson',
  'cache-control': 'no-store',
  'x-accel-buffering': 'no',
}

/** Lines of the log about requests that were refused, for each reason: it takes no key to be refused. */
const REFUSALS_LOGGED = { perSecond: 1, burst: 20 }

/** The server's end of what nodes say and hear; docs/decisions/0013-node-link.md tells why it is as it is. */
export class NodeLink implements AsyncDisposable {
  readonly #parts: NodeLinkParts
  readonly #key: FleetKey
  readonly #channels: Channels
  readonly #delivery: Delivery
  readonly #registrar: Registrar
  readonly #presence: Presence
  readonly #events: NodeEvents
  readonly #guard: ReplayGuard
  readonly #refusalsLogged = new Buckets(REFUSALS_LOGGED)
  readonly #routes: Readonly<Record<string, (received: Received) => Promise<Reply | OpenReply>>> = {
    '/agent/v1/register': (received) => this.#register(received),
    '/agent/v1/stream': (received) => this.#listen(received, 'stream'),
    '/agent/v1/poll': (received) => this.#listen(received, 'poll'),
    '/agent/v1/report': (received) => this.#report(received),
  }

  private constructor(parts: NodeLinkParts, key: FleetKey) {
    const { store, associations, metrics } = parts
    this.#parts = parts
    this.#key = key
    this.#channels = new Channels((body) => key.line(body))
    this.#guard = new ReplayGuard(parts.clock.now())
    this.#presence = new Presence(parts)
    this.#events = new NodeEvents(parts)
    this.#registrar = new Registrar({ ...parts, serverKey: key.serverKey })
    this.#delivery = new Delivery({
      ...parts,
      channels: this.#channels,
      desired: new DesiredStates(store, associations),
    })
    metrics.gauge('lockstep_nodes_connected', () => this.#channels.size)
  }

  static async open(parts: NodeLinkParts): Promise<NodeLink> {
    return new NodeLink(parts, await openFleetKey(parts.store, parts))
  }

  /** Answers one request below `/agent/v1/`. Never throws. */
  async answer(received: Received): Promise<Reply | OpenReply> {
    try {
      const { serverKey, fingerprint } = this.#key
      if (received.path === '/agent/v1/server-key' && received.method === 'GET')
        return jsonReply(200, { serverKey, fingerprint })
      const route = Object.hasOwn(this.#routes, received.path) ? this.#routes[received.path] : undefined
      if (!route || received.method !== 'POST') return refusalReply(refusals.notThere)
      if (received.oversized) return refusalReply(refusals.tooLarge)
      if (received.crowded) return refusalReply(refusals.busy)
      return await route(received)
    } catch (error) {
      this.#parts.logger.error('nodes.unanswered', { requestId: received.requestId, error })
      return refusalReply(refusals.busy)
    }
  }

  /** Resolves when what was to be told to nodes until now has been. */
  settled(): Promise<void> {
    return this.#delivery.settled()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#delivery[Symbol.asyncDispose]()
    this.#presence[Symbol.dispose]()
  }

  async #register(received: Received): Promise<Reply> {
    const { throttle } = this.#parts
    if (!throttle.admits(received)) return refusalReply(refusals.throttled)
    const outcome = await this.#registrar.register(received, () => !throttle.recordsStranger(received))
    return isRefusal(outcome) ? refusalReply(outcome) : jsonReply(200, outcome)
  }

  async #listen(received: Received, kind: Channel['kind']): Promise<Reply | OpenReply> {
    const node = await this.#prove(received)
    if (isRefusal(node)) return refusalReply(node)
    const asked = listenIn(received.body)
    if (!asked) return refusalReply(refusals.malformed)
    await this.#learn(node, asked, received)
    const { account, region, id } = node
    const { session, desiredGeneration: generation } = asked
    return {
      status: 200,
      headers: NDJSON,
      open: (outlet) => {
        const now = this.#parts.clock.now().getTime()
        const opened = this.#channels.open(
          { node: { account, region, id }, kind, session, outlet, generation },
          now,
        )
        const { channel, replaced } = opened
        if (replaced && replaced.session !== session) this.#suspect('NodeIdentityUsedTwice', node, received)
        this.#delivery.welcome(channel)
      },
    }
  }

  async #report(received: Received): Promise<Reply> {
    const node = await this.#prove(received)
    if (isRefusal(node)) return refusalReply(node)
    const report = reportIn(received.body)
    if (!report) return refusalReply(refusals.malformed)
    const { dispatch, associations } = this.#parts
    if (report.started.length + report.results.length > 0) await dispatch.takeReport(node, report)
    if (report.associations.length > 0) await associations.takeReport(node, report.associations)
    return jsonReply(200, acknowledgement(report))
  }

  async #prove(received: Received): Promise<FleetNode | Refusal> {
    const node = await provenNode(received, { nodes: this.#parts.store.read.nodes, guard: this.#guard })
    if (isRefusal(node)) this.#noteRefusal(node, received)
    else this.#presence.heard(node)
    return node
  }

  #noteRefusal({ status, refused: reason }: Refusal, received: Received): void {
    const { metrics, logger } = this.#parts
    metrics.count('lockstep_node_requests_refused_total', `status="${status}"`)
    if (!this.#refusalsLogged.take(reason, received.receivedAt)) return
    const { path, remoteAddress: address } = received
    logger.warn('nodes.refused', { status, reason, path, claims: claimedNode(received), address })
  }

  /** Notes what the node tells of itself where that is news. Its host keys stay those that it registered with. */
  async #learn(node: FleetNode, { facts: told }: Listen, received: Received): Promise<void> {
    const { hostKeys, ...facts } = told
    const known = new Set(node.hostKeys)
    if (hostKeys.length !== known.size || hostKeys.some((key) => !known.has(key)))
      this.#suspect('NodeHostKeysDiffer', node, received)
    // Which machine it is was decided when it was admitted.
    const { machineId } = node.facts
    if (sameFacts({ ...facts, machineId }, node.facts)) return
    await this.#parts.store.write(async (tx) => {
      const now = await tx.nodes.find(node, node.id)
      if (now?.state === 'registered') await tx.nodes.update({ ...now, facts: { ...facts, machineId } })
    })
  }

  #suspect(name: 'NodeIdentityUsedTwice' | 'NodeHostKeysDiffer', node: FleetNode, received: Received): void {
    this.#events
      .tell(name, node, received.remoteAddress)
      .catch((error: unknown) => this.#parts.logger.error('nodes.unrecorded', { error }))
  }
}

/** Everything that came in, also what is about nothing that is known: the node need not send it again. */
function acknowledgement({ started, results, associations }: Report): ReportAnswer {
  const ids = [...started, ...results].map(({ commandId }) => commandId)
  return { acknowledged: [...new Set([...ids, ...associations.map(({ associationId }) => associationId)])] }
}
