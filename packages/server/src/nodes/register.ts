import { verify } from 'node:crypto'
import type { NodeFacts, RegisterAnswer, RegisterRequest } from '@lockstep/wire'
import type { Bus } from '../bus/bus.ts'
import { isCodeOf } from '../fleet/activation-code.ts'
import { deregistered } from '../fleet/dispatch.ts'
import type { Received } from '../gateway/call.ts'
import type { Clock } from '../platform/clock.ts'
import type { Random } from '../platform/random.ts'
import type { Activation, FleetNode } from '../store/nodes.ts'
import type { Place, Store, Writers } from '../store/store.ts'
import type { TrailEntry } from '../store/trail.ts'
import { trailEntry } from '../trail/event.ts'
import { newEventId } from '../trail/event-id.ts'
import { factsIn } from './facts.ts'
import { isNodeKey, publicKeyIn } from './node-request.ts'
import { isRefusal, type Refusal, refusals } from './refusals.ts'

export interface RegistrarParts {
  readonly store: Store
  readonly bus: Bus
  readonly clock: Clock
  readonly random: Random
  /** Whose trail knows of attempts that name no activation. */
  readonly home: Place
  readonly serverKey: string
}

export type Registered = Omit<RegisterAnswer, 'serverKey'>

const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/
/** As AWS has activation codes. */
const MIN_CODE_LENGTH = 20
const MAX_CODE_LENGTH = 250
/** What a code is compared with where there is no activation, so that this takes the same time. */
const NO_ACTIVATION = { codeDigest: '00'.repeat(32) }
/** 68 bits, as AWS's. */
const ID_DIGITS = 17
const ID_BYTES = 9

/** Makes machines nodes. Each attempt leaves an event, unless its address has made too many that failed. */
export class Registrar {
  readonly #parts: RegistrarParts

  constructor(parts: RegistrarParts) {
    this.#parts = parts
  }

  /** @param isSummed whether a failure is summed up with others instead of recorded; asked at most once */
  async register(received: Received, isSummed: () => boolean): Promise<RegisterAnswer | Refusal> {
    const request = requestIn(received.body)
    const outcome = request ? await this.#admit(request, received) : refusals.malformed
    if (!isRefusal(outcome)) return { ...outcome, serverKey: this.#parts.serverKey }
    if (!isSummed()) {
      const place = request && (await this.#parts.store.read.nodes.placeOfActivation(request.activationId))
      await this.#parts.bus.record(this.#event(received, { place, request, outcome }))
    }
    return outcome
  }

  async #admit(request: RegisterRequest, received: Received): Promise<Registered | Refusal> {
    const { store, bus } = this.#parts
    const { activationId, facts } = request
    if (!isProven(request)) return refusals.activation
    const place = await store.read.nodes.placeOfActivation(activationId)
    if (place) await bus.prepare(place)
    const lock = { ...(place ?? { account: '', region: '' }), name: `machine/${facts.machineId}` }
    return store.write(async (tx) => {
      const activation = place && (await tx.nodes.activation(place, activationId))
      const isRight = isCodeOf(activation ?? NO_ACTIVATION, request.activationCode)
      if (!activation || !isRight) return refusals.activation
      const outcome = await this.#enter(tx, activation, request)
      if (!isRefusal(outcome)) await bus.append(tx, this.#event(received, { place, request, outcome }))
      return outcome
    }, lock)
  }

  /** The code is right; whether the machine may come in, and it does. */
  async #enter(
    tx: Writers,
    activation: Activation,
    { publicKey, facts }: RegisterRequest,
  ): Promise<Registered | Refusal> {
    const { nodes } = tx
    const { clock, random } = this.#parts
    const now = clock.now()
    const known = await nodes.ofMachine(activation, facts.machineId)
    // The answer before got lost: the same key of the same machine asks again.
    const same = known.find((node) => node.publicKey === publicKey && node.activationId === activation.id)
    if (same) return idsOf(same)
    if (activation.registrations >= activation.registrationLimit || activation.expiresAt <= now)
      return refusals.activation
    if (known.length > 0 && !activation.readmits) return refusals.knownMachine
    for (const { publicKey: _, ...node } of known) {
      await nodes.update({ ...node, state: 'deregistered' })
      await deregistered(
        tx,
        { account: node.account, region: node.region, instanceId: node.id },
        { random, now },
      )
    }
    await nodes.spendActivation(activation, activation.id, now)
    const node = newNode(activation, { publicKey, facts, now, random })
    await nodes.insert(node)
    return idsOf(node)
  }

  #event(received: Received, { place, request, outcome }: Told): TrailEntry {
    const { home, clock, random } = this.#parts
    const { account, region } = place ?? home
    const at = clock.now()
    const isRefused = isRefusal(outcome)
    return trailEntry({
      eventId: newEventId(at, random),
      requestId: received.requestId,
      ...{ at, account, region },
      sourceIp: received.remoteAddress,
      ...(received.tls && { tls: received.tls }),
      source: 'ssm.amazonaws.com',
      name: 'RegisterManagedInstance',
      readOnly: false,
      // The code is nowhere; the id is the caller's word, and so only where it is one that is known.
      ...(place && request && { requestParameters: { activationId: request.activationId } }),
      ...(!isRefused && { responseElements: { instanceId: outcome.instanceId } }),
      resources: [],
      ...(isRefused && { error: { code: 'AccessDenied', message: outcome.refused } }),
      // A stranger's word otherwise, and maybe the code itself, pasted into the wrong place.
      ...(request && outcome !== refusals.activation && { additional: { hostname: request.facts.hostname } }),
    })
  }
}

interface Told {
  readonly place: Place | undefined
  readonly request: RegisterRequest | undefined
  readonly outcome: Registered | Refusal
}

/** What is asked, where it is in form. */
function requestIn(body: Uint8Array): RegisterRequest | undefined {
  const asked = jsonIn(body)
  if (!asked) return undefined
  const { activationId, activationCode, publicKey, proof } = asked
  const facts = factsIn(asked.facts)
  if (typeof activationId !== 'string' || !UUID.test(activationId)) return undefined
  if (typeof activationCode !== 'string' || activationCode.length < MIN_CODE_LENGTH) return undefined
  if (typeof publicKey !== 'string' || !isNodeKey(publicKey)) return undefined
  if (typeof proof !== 'string' || activationCode.length > MAX_CODE_LENGTH || !facts) return undefined
  // As it came, since the proof is over its text.
  return { activationId, activationCode, publicKey, facts: asked.facts as NodeFacts, proof }
}

export function jsonIn(body: Uint8Array): Readonly<Record<string, unknown>> | undefined {
  try {
    const value: unknown = JSON.parse(Buffer.from(body).toString())
    return typeof value === 'object' && value !== null ? { ...value } : undefined
  } catch {
    return undefined
  }
}

/** Whether its sender holds the key that it names: nobody makes a node of somebody else's key. */
function isProven({ proof, activationId, activationCode, publicKey, facts }: RegisterRequest): boolean {
  const told = JSON.stringify({ activationId, activationCode, publicKey, facts })
  const text = Buffer.from(`lockstep register v1\n${told}`)
  return verify(null, text, publicKeyIn(publicKey), Buffer.from(proof, 'base64'))
}

interface Newcomer {
  readonly publicKey: string
  readonly facts: NodeFacts
  readonly now: Date
  readonly random: Random
}

function newNode(activation: Activation, { publicKey, facts: told, now, random }: Newcomer): FleetNode {
  const { account, region, id, defaultName, iamRole, tags } = activation
  const { hostKeys = [], ...facts } = factsIn(told) ?? told
  return {
    ...{ account, region },
    id: `mi-${Buffer.from(random.bytes(ID_BYTES)).toString('hex').slice(0, ID_DIGITS)}`,
    state: 'registered',
    activationId: id,
    ...(defaultName !== undefined && { name: defaultName }),
    ...{ iamRole, publicKey, facts, hostKeys, tags },
    registeredAt: now,
    lastSeenAt: now,
  }
}

function idsOf({ id, account, region }: FleetNode): Registered {
  return { instanceId: id, ec2InstanceId: id.replace(/^mi-/, 'i-'), account, region }
}
