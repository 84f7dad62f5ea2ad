import type { NodeFacts } from '@lockstep/wire'
import type { Place } from './store.ts'

export type NodeTags = Readonly<Record<string, string>>

/** Leave for machines to become nodes; whoever has its code uses it. */
export interface Activation extends Place {
  /** A UUID. */
  readonly id: string
  /** SHA-256 of the code, in hexadecimal. The code itself is nowhere. */
  readonly codeDigest: string
  readonly description?: string | undefined
  /** What each of its nodes is called. */
  readonly defaultName?: string | undefined
  /** The name of the role that its nodes get. */
  readonly iamRole: string
  readonly registrationLimit: number
  /** How many nodes were made with it, those included that are gone. */
  readonly registrations: number
  /** From this instant on it admits nobody. */
  readonly expiresAt: Date
  /** What its nodes are tagged with. */
  readonly tags: NodeTags
  /** A machine that is a node already may become another one, in the place of the first. */
  readonly readmits: boolean
  readonly createdAt: Date
}

/** A machine of the fleet, or what is left of one that was deregistered. */
export interface FleetNode extends Place {
  /** `mi-` and 17 hexadecimal digits; EC2 knows it by the same digits after `i-`. */
  readonly id: string
  /** A deregistered one keeps its row, so that its agent can be told and what it ran can be read. It is in no list. */
  readonly state: 'registered' | 'deregistered'
  readonly activationId: string
  readonly name?: string | undefined
  /** The name of a role. */
  readonly iamRole: string
  /** Its agent's key: Ed25519, SubjectPublicKeyInfo in DER, base64. Absent once it is deregistered. */
  readonly publicKey?: string | undefined
  /** What its agent told last. */
  readonly facts: Omit<NodeFacts, 'hostKeys'>
  /** As OpenSSH writes them, without comments: those it registered with, until somebody accepts others. */
  readonly hostKeys: readonly string[]
  readonly tags: NodeTags
  readonly registeredAt: Date
  /** Exact to the minute; see {@link NodeWriter.seen}. */
  readonly lastSeenAt: Date
}

/** Nodes must have one of these keys with one of these values; with any value where none are given. */
export interface TagTest {
  readonly keys: readonly string[]
  readonly values?: readonly string[] | undefined
}

export interface NodeQuery {
  readonly after?: string | undefined
  readonly limit: number
  /** Only these. */
  readonly ids?: readonly string[] | undefined
  /** Only those that pass every one. */
  readonly tags?: readonly TagTest[] | undefined
}

export interface ActivationQuery {
  readonly after?: string | undefined
  readonly limit: number
}

export interface NodeReader {
  /** In a transaction, holds its row. */
  activation(place: Place, id: string): Promise<Activation | undefined>
  /** Where an activation is kept. Its id is by chance, and whoever uses it knows no more of it; there are few. */
  placeOfActivation(id: string): Promise<Place | undefined>
  /** By id. */
  activations(place: Place, query: ActivationQuery): Promise<readonly Activation[]>
  /** By the `mi-` id, whatever its state. In a transaction, holds its row. */
  find(place: Place, id: string): Promise<FleetNode | undefined>
  /** Those that are registered and of this machine, by id: more than one where a clone is about. */
  ofMachine(place: Place, machineId: string): Promise<readonly FleetNode[]>
  /** Those that are registered, by id. Tags are compared as they are written. */
  list(place: Place, query: NodeQuery): Promise<readonly FleetNode[]>
}

/** Every method but {@link seen} says that `nodes` changed. */
export interface NodeWriter extends NodeReader {
  insertActivation(activation: Activation): Promise<void>
  /** Answers false where there is none. */
  removeActivation(place: Place, id: string): Promise<boolean>
  /** Counts one more node, and answers false, counting nothing, where limit or end forbid it. */
  spendActivation(place: Place, id: string, now: Date): Promise<boolean>
  /** Adds a node whose id must be free. */
  insert(node: FleetNode): Promise<void>
  /** Writes all but place, id, activation and registration. */
  update(node: FleetNode): Promise<void>
  /**
   * Notes that a node was heard of; never goes back in time. To be called once a minute for each node at most. No
   * cache follows it: `nodes` does not grow.
   */
  seen(place: Place, id: string, at: Date): Promise<void>
}
