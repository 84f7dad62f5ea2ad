import type { KeyObject } from 'node:crypto'
import type { DeliveryReader, DeliveryWriter } from './deliveries.ts'
import type { FunctionReader, FunctionWriter } from './functions.ts'
import type { InstallationReader, InstallationWriter } from './installation.ts'
import type { JobReader, JobWriter } from './jobs.ts'
import type { KeyReader, KeyWriter } from './keys.ts'
import type { NoticeReader, NoticeWriter } from './notices.ts'
import type { PrincipalReader, PrincipalWriter } from './principals.ts'
import type { RuleReader, RuleWriter } from './rules.ts'
import type { SecretReader, SecretWriter } from './secrets.ts'
import type { Topic } from './sql/sql.ts'
import type { TopicReader, TopicWriter } from './topics.ts'
import type { TrailEntry, TrailReader, TrailWriter } from './trail.ts'

/** Where a row lives. Every table carries both; what IAM and STS keep has region `global`. */
export interface Place {
  readonly account: string
  readonly region: string
}

/** What a read may ask. It sees committed rows only. */
export interface Readers {
  readonly secrets: SecretReader
  readonly keys: KeyReader
  readonly principals: PrincipalReader
  readonly trail: TrailReader
  readonly jobs: JobReader
  readonly functions: FunctionReader
  readonly topics: TopicReader
  readonly rules: RuleReader
  readonly notices: NoticeReader
  readonly installation: InstallationReader
  readonly deliveries: DeliveryReader
}

/** What a transaction may do. Nothing inside one awaits anything but these. */
export interface Writers {
  readonly secrets: SecretWriter
  readonly keys: KeyWriter
  readonly principals: PrincipalWriter
  readonly trail: TrailWriter
  readonly jobs: JobWriter
  readonly functions: FunctionWriter
  readonly topics: TopicWriter
  readonly rules: RuleWriter
  readonly notices: NoticeWriter
  readonly installation: InstallationWriter
  readonly deliveries: DeliveryWriter
}

/**
 * What one transaction at a time may hold: for rules about several rows, or about rows that are not there yet. A secret
 * needs none: a transaction that reads its row holds that row.
 */
export interface Lock extends Place {
  readonly name: string
}

export interface Store extends AsyncDisposable {
  readonly read: Readers
  /**
   * Runs `work` as one transaction and answers when it is durable. A throw rolls back this work alone;
   * the error is passed on. Where an engine cannot serialise two transactions it runs `work` again,
   * so `work` changes nothing but the store.
   * @param lock Held from before the first look to the end.
   */
  write<T>(work: (tx: Writers) => Promise<T>, lock?: Lock): Promise<T>
  /**
   * From now on events can be recorded. README.md tells the order of a start.
   * @param generation The keyring's; `key` is its key for `trail-lane`.
   */
  openTrail(generation: number, key: KeyObject): Promise<void>
  /** The lanes that may still grow: of this server and of others that live. The others have ended for good. */
  openLanes(): Promise<ReadonlySet<number>>
  /** Puts a read's event on the trail and answers when it is durable. Many share one commit. */
  record(entry: TrailEntry): Promise<void>
  /**
   * A write that nobody waits for, such as a last-accessed day: it joins a later commit,
   * may be lost in a crash, and its failure goes to the log.
   */
  defer(work: (tx: Writers) => Promise<void>): void
  /** Grows with each commit that changed something of `topic`; another server's change within a second. */
  revision(topic: Topic): number
  /** Throws, with the reason, when nothing can be written now. */
  probe(): Promise<void>
}
