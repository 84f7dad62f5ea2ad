import type { AwsError } from '@lockstep/wire'
import type { Functions } from '../functions/functions.ts'
import type { Keyring } from '../keyring/keyring.ts'
import type { Destinations } from '../outbound/destinations.ts'
import type { Clock } from '../platform/clock.ts'
import type { Random } from '../platform/random.ts'
import type { Timer } from '../platform/timer.ts'
import type { NewJob } from '../store/jobs.ts'
import type { Readers, Writers } from '../store/store.ts'
import type { TrailEntry } from '../store/trail.ts'
import type { Principal, Tags } from './principal.ts'

/** A thing that a call touches, as policies see it. */
export interface Target {
  /** The canonical ARN; `*` for a call that touches nothing in particular. */
  readonly arn: string
  /** The account that owns it. */
  readonly account: string
  /**
   * What AccessDenied calls it: for a secret the id as the caller spelled it, so that the sentence is
   * the same whether or not it exists. Absent: the ARN. Null: the sentence names no resource.
   */
  readonly shownAs?: string | null
  /** CloudTrail's type, e.g. `AWS::SecretsManager::Secret`; absent where the event lists no resource. */
  readonly type?: string
  readonly tags?: Tags | undefined
  /** The resource's own policy document, JSON. */
  readonly policy?: string | undefined
  readonly policyKind?: 'standard' | 'kms-key' | 'trust'
  /**
   * A live KMS grant covers this use: turns an implicit denial into an allow, never an explicit one, and of a
   * role's session only as far as boundary and session policies allow it.
   */
  readonly granted?: boolean
}

/** Condition keys by their documented name, e.g. `secretsmanager:VersionStage`; case does not matter. */
export type ConditionKeys = Readonly<Record<string, string | readonly string[] | undefined>>

/** One question to the policies: may the caller do `action` to `target`? */
export interface Check {
  readonly action: `${string}:${string}`
  readonly target: Target
  readonly keys?: ConditionKeys
}

/** An AWS call that rides inside another and has an event of its own, as BatchGetSecretValue's parts do. */
export interface InnerCall {
  readonly operation: string
  readonly requestParameters: Readonly<Record<string, unknown>>
  readonly target: Target
  readonly error?: AwsError
}

/** What a running operation may touch. No services: an operation knows rules and the store, not its peers. */
export interface Context {
  /** The caller's account. What a call by ARN touches may lie in another. */
  readonly account: string
  readonly region: string
  /** Every region that this server answers for. */
  readonly regions: readonly string[]
  readonly partition: string
  readonly principal: Principal
  readonly requestId: string
  readonly clock: Clock
  readonly random: Random
  /** For long reads, to let others have a turn. Never for a write: its transaction would stay open meanwhile. */
  readonly timer: Timer
  readonly keyring: Keyring
  /** Where notices may be sent to. */
  readonly destinations: Destinations
  /** Runs functions. Never for a write: its transaction would stay open meanwhile. */
  readonly functions: Functions
  readonly store: Readers
  /** The buckets that trails may name: the operator says where each is. */
  readonly trailBuckets: ReadonlySet<string>
  /** `write`: {@link store} is a transaction, so what it shows may never be committed and is not for a cache. */
  readonly access: 'read' | 'write'
  /** Grows when a KMS key changed; caches of keys compare it. */
  keysRevision(): number
  /** AWS's AccessDenied for this question, or nothing where it is allowed. */
  refusal(check: Check): AwsError | undefined
  /** Throws what {@link refusal} answers. */
  demand(check: Check): void
  /** Adds an event beside this call's own to the trail. */
  alsoRecord(inner: InnerCall): void
  /** Queues a job in a transaction of its own: for a call that changes nothing else and runs in none. */
  queue(job: NewJob): Promise<void>
  /** See {@link Store.defer}. */
  defer(work: (tx: Writers) => Promise<void>): void
}

/** The context of an operation that changes something: its store is one transaction. */
export interface WriteContext extends Context {
  readonly store: Writers
  /** Puts an event of what the service did by itself on the trail, with this call's change. */
  append(entry: TrailEntry): Promise<void>
}
