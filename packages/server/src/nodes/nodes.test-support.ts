import type { KeyObject } from 'node:crypto'
import { newNodeKey, registerRequest, signedHeaders } from '@lockstep/agent/identity'
import type { Listen, NodeCommand, NodeFacts, RegisterAnswer, Report } from '@lockstep/wire'
import { Bus } from '../bus/bus.ts'
import { digestOfCode } from '../fleet/activation-code.ts'
import type { Received, Reply } from '../gateway/call.ts'
import type { OpenReply } from '../gateway/open-reply.ts'
import { Throttle } from '../gateway/throttle.ts'
import { Keyring } from '../keyring/keyring.ts'
import { openMemoryRootKey } from '../keyring/root-keys/memory.ts'
import { jsonLogger } from '../platform/logger.ts'
import { Metrics } from '../platform/metrics.ts'
import { systemRandom } from '../platform/random.ts'
import type { Activation } from '../store/nodes.ts'
import { openTestDatabase, TEST_POSTGRES } from '../store/postgres/test-database.ts'
import type { Store } from '../store/store.ts'
import { openTestStore } from '../store/test-store.ts'
import { ManualClock } from '../testing/manual-clock.ts'
import { ManualTimer } from '../testing/manual-timer.ts'
import { MemoryAssociations, MemoryDispatch, TestOutlet } from './doubles.test-support.ts'
import { NodeLink } from './node-link.ts'

export const PLACE = { account: '111122223333', region: 'us-east-1' }
export const CODE = 'a-code-of-more-than-twenty-characters'
export const ACTIVATION = '00000000-0000-4000-8000-00000000000a'

const GENEROUS = { perSecond: 1_000_000, burst: 1_000_000 }
export const LIMITS = { address: GENEROUS, principal: GENEROUS, failedSignature: GENEROUS }

/** A node as the server sees it. */
export interface TestNode {
  readonly key: KeyObject
  readonly id: string
  readonly facts: NodeFacts
}

export class World implements AsyncDisposable {
  readonly store: Store
  readonly link: NodeLink
  readonly clock: ManualClock
  readonly timer: ManualTimer
  readonly dispatch: MemoryDispatch
  readonly associations: MemoryAssociations
  readonly throttle: Throttle
  /** Lines of the log. */
  readonly logged: string[]
  readonly #revisions: Map<string, number>

  private constructor(
    parts: Pick<
      World,
      'store' | 'link' | 'clock' | 'timer' | 'dispatch' | 'associations' | 'throttle' | 'logged'
    >,
    revisions: Map<string, number>,
  ) {
    this.store = parts.store
    this.link = parts.link
    this.clock = parts.clock
    this.timer = parts.timer
    this.dispatch = parts.dispatch
    this.associations = parts.associations
    this.throttle = parts.throttle
    this.logged = parts.logged
    this.#revisions = revisions
  }

  static async open(limits = LIMITS): Promise<World> {
    const clock = new ManualClock()
    const timer = new ManualTimer()
    const revisions = new Map<string, number>()
    const real = await openRealStore(clock)
    // Nothing in the store stands for what the doubles of Run Command and State Manager hold.
    const store: Store = Object.create(real, {
      ...bound(real),
      revision: { value: (topic: 'nodes') => revisions.get(topic) ?? real.revision(topic) },
    })
    const root = openMemoryRootKey(systemRandom)
    const { keyring } = await Keyring.create(root, systemRandom, clock.now())
    const dispatch = new MemoryDispatch()
    const associations = new MemoryAssociations()
    const throttle = new Throttle(limits)
    const logged: string[] = []
    const link = await NodeLink.open({
      ...{ store, keyring, dispatch, associations, throttle, clock, timer },
      random: systemRandom,
      bus: new Bus({ store, random: systemRandom }),
      logger: jsonLogger('debug', (line) => logged.push(line)),
      metrics: new Metrics(),
      home: PLACE,
    })
    return new World({ store, link, clock, timer, dispatch, associations, throttle, logged }, revisions)
  }

  /** An activation with {@link CODE}, for ten machines and a day. */
  async activate(changes: Partial<Activation> = {}): Promise<void> {
    const now = this.clock.now()
    const activation: Activation = {
      ...PLACE,
      id: ACTIVATION,
      codeDigest: digestOfCode(CODE),
      defaultName: 'web',
      iamRole: 'nodes',
      registrationLimit: 10,
      registrations: 0,
      expiresAt: new Date(now.getTime() + 86_400_000),
      tags: { RotateSSHKeys: 'True' },
      readmits: false,
      createdAt: now,
      ...changes,
    }
    await this.store.write((tx) => tx.nodes.insertActivation(activation))
  }

  async register(
    key: KeyObject,
    asked: { readonly code?: string; readonly activationId?: string; readonly facts?: NodeFacts } = {},
  ): Promise<{ readonly status: number; readonly answer: RegisterAnswer & { readonly message?: string } }> {
    const { code = CODE, activationId = ACTIVATION, facts = factsOf(1) } = asked
    const body = registerRequest(key, { activationId, activationCode: code, facts })
    const reply = await this.ask('/agent/v1/register', JSON.stringify(body))
    return { status: reply.status, answer: contentOf(reply) as RegisterAnswer }
  }

  /** A machine that has become a node. */
  async node(number = 1): Promise<TestNode> {
    const key = newNodeKey()
    const facts = factsOf(number)
    const { status, answer } = await this.register(key, { facts })
    if (status !== 200) throw new Error(`not registered: ${answer.message}`)
    return { key, facts, id: answer.instanceId }
  }

  /** What a node's agent would send. */
  signed(
    { key, id }: Pick<TestNode, 'key' | 'id'>,
    path: string,
    content: object,
  ): { readonly body: string; readonly headers: Readonly<Record<string, string>> } {
    const body = JSON.stringify(content)
    const doors = { now: () => this.clock.now(), hex: hexOf }
    const node = `${PLACE.account}/${PLACE.region}/${id}`
    return { body, headers: { ...signedHeaders({ key, node }, { path, body }, doors) } }
  }

  async ask(
    path: string,
    body: string,
    headers: Readonly<Record<string, string>> = {},
    more: Partial<Received> = {},
  ): Promise<Reply | OpenReply> {
    return this.link.answer({
      requestId: systemRandom.uuid(),
      receivedAt: this.clock.now(),
      method: 'POST',
      path,
      query: '',
      headers: Object.entries(headers).flat(),
      body: Buffer.from(body),
      remoteAddress: '192.0.2.7',
      ...more,
    })
  }

  async report(node: TestNode, report: Partial<Report>): Promise<Reply | OpenReply> {
    const whole: Report = { started: [], results: [], associations: [], ...report }
    const { body, headers } = this.signed(node, '/agent/v1/report', whole)
    return this.ask('/agent/v1/report', body, headers)
  }

  /** Begins to listen; the outlet hears what the node would. */
  async listen(node: TestNode, changes: Partial<Listen> & { readonly kind?: 'stream' | 'poll' } = {}) {
    const { kind = 'stream', ...rest } = changes
    const said: Listen = { facts: node.facts, session: hexOf(16), desiredGeneration: 0, ...rest }
    const { body, headers } = this.signed(node, `/agent/v1/${kind}`, said)
    const reply = await this.ask(`/agent/v1/${kind}`, body, headers)
    if (!('open' in reply)) throw new Error(`not heard: ${reply.status}`)
    const outlet = new TestOutlet()
    reply.open(outlet)
    return outlet
  }

  /** A look at what is new has been taken. */
  async look(): Promise<void> {
    this.timer.pass(1_000)
    await this.link.settled()
  }

  /** Something of `topic` was changed, as by another part of the server. */
  async changed(topic: 'commands' | 'associations'): Promise<void> {
    this.#revisions.set(topic, (this.#revisions.get(topic) ?? 0) + 1)
  }

  /** What nobody waits for has been written. */
  async flushed(): Promise<void> {
    // Works go in order: before the second one begins, whatever was beside the first is committed.
    for (let i = 0; i < 2; i++) {
      const begun = Promise.withResolvers<void>()
      this.store.defer(async () => begun.resolve())
      // SQLite takes them along with whatever is written.
      await this.store.write(async (tx) => tx.installation.setFact('probed-at', `${i}`))
      await begun.promise
    }
  }

  async events(name: string): Promise<readonly Readonly<Record<string, unknown>>[]> {
    const { trail } = this.store.read
    const found: Readonly<Record<string, unknown>>[] = []
    for (const { lane } of await trail.lanes())
      for (const { body } of await trail.events(lane, { from: 1, limit: 10_000 }))
        found.push(JSON.parse(body))
    return found.filter(({ eventName }) => eventName === name)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.link[Symbol.asyncDispose]()
    await this.store[Symbol.asyncDispose]()
  }
}

/** In memory, or on the PostgreSQL of `npm run conformance`, in a database that goes with it. */
async function openRealStore(clock: ManualClock): Promise<Store> {
  if (!TEST_POSTGRES) return openTestStore({ kind: 'memory' }, clock)
  const database = await openTestDatabase(TEST_POSTGRES)
  const store = await openTestStore({ kind: 'postgres', url: database.url }, clock)
  const dispose = async () => {
    await store[Symbol.asyncDispose]()
    await database[Symbol.asyncDispose]()
  }
  return Object.create(store, {
    ...bound(store),
    revision: { value: store.revision.bind(store) },
    [Symbol.asyncDispose]: { value: dispose },
  })
}

/** A store's own members, which its private ones keep from being called on another object. */
function bound(store: Store): PropertyDescriptorMap {
  const whole = store
  return {
    read: { value: whole.read },
    write: { value: whole.write.bind(whole) },
    record: { value: whole.record.bind(whole) },
    defer: { value: whole.defer.bind(whole) },
    [Symbol.asyncDispose]: { value: () => whole[Symbol.asyncDispose]() },
  }
}

export function hexOf(count: number): string {
  return Buffer.from(systemRandom.bytes(count)).toString('hex')
}

export function contentOf(reply: Reply | OpenReply): object {
  return 'body' in reply ? JSON.parse(Buffer.from(reply.body).toString()) : {}
}

export function factsOf(number: number): NodeFacts {
  return {
    hostname: `web-${number}`,
    ipAddress: '192.0.2.9',
    sshPort: 22,
    platformType: 'Linux',
    platformName: 'Debian GNU/Linux',
    platformVersion: '12',
    agentVersion: '0.1.0',
    machineId: String(number).padStart(32, '0'),
    hostKeys: [`ssh-ed25519 AAAA${number}`],
  }
}

export function commandOf(commandId: string, notAfter: Date): NodeCommand {
  const step = { name: 'run', action: 'aws:runShellScript', script: ['true'], environment: {} } as const
  return { commandId, notAfter: notAfter.toISOString(), steps: [{ ...step, timeoutSeconds: 60 }] }
}
