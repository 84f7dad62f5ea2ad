import type { Place } from './store.ts'

/** One event on its way to the trail. `body` is the finished CloudTrail record, JSON, without any value. */
export interface TrailEntry extends Place {
  readonly eventId: string
  readonly at: Date
  /** `GetSecretValue` */
  readonly name: string
  /** `secretsmanager.amazonaws.com` */
  readonly source: string
  readonly readOnly: boolean
  /** As LookupEvents' Username: user name, role session name, or `root`. */
  readonly userName?: string
  readonly accessKeyId?: string
  readonly resources: readonly { readonly type: string; readonly name: string }[]
  readonly body: string
}

/** An entry as its columns hold it, value for value: what the event's digest is made of. */
export interface TrailColumns extends Place {
  readonly eventId: string
  /** Milliseconds since 1970. */
  readonly at: number
  readonly source: string
  readonly name: string
  readonly readOnly: 0 | 1
  readonly userName: string | null
  readonly accessKeyId: string | null
  /** JSON: `[{"type":…,"name":…}]`, in the very bytes that were stored. */
  readonly resources: string
  readonly body: string
}

/** An event's place in the trail and what ties it to that place; see trail/README.md. */
export interface TrailStamp {
  /** Counts from 1; a lane is what one server, from one start to its end, has written. */
  readonly lane: number
  /** Counts from 1 without a gap in each lane. */
  readonly number: number
  /** SHA-256 of the columns, 32 bytes. */
  readonly digest: Uint8Array
  /** HMAC-SHA256 over the place, the digest and the MAC of the event before, 32 bytes. */
  readonly mac: Uint8Array
}

/** One event with all that is stored of it. Read from a database that somebody may have edited: believe nothing. */
export interface TrailRow extends TrailColumns, TrailStamp {}

export interface TrailLaneRecord {
  readonly lane: number
  /** The generation of the keyring whose `trail-lane` key makes the lane's MACs. */
  readonly keyGeneration: number
}

/** A checkpoint as it is kept; trail/checkpoint.ts reads and writes the text. */
export interface StoredCheckpoint {
  /** Counts from 1 without a gap. */
  readonly sequence: number
  readonly text: string
}

/** The key pair behind the checkpoints' signatures. */
export interface TrailKey {
  /** PEM, SubjectPublicKeyInfo. */
  readonly publicKey: string
  /** PKCS #8, sealed by the keyring. */
  readonly sealedPrivateKey: Uint8Array
}

/** What LookupEvents can ask for, in its own words. */
export type TrailAttribute =
  | 'EventId'
  | 'EventName'
  | 'ReadOnly'
  | 'Username'
  | 'ResourceType'
  | 'ResourceName'
  | 'EventSource'
  | 'AccessKeyId'

/** Just before an event, when going from new to old. */
export interface TrailCursor {
  /** Milliseconds since 1970. */
  readonly at: number
  /** Orders the events of one millisecond; of no meaning otherwise. */
  readonly position: number
}

export interface TrailQuery extends Place {
  /** Compared exactly; ReadOnly is `true` or `false`. */
  readonly attribute?: { readonly key: TrailAttribute; readonly value: string } | undefined
  /** The first and last millisecond since 1970 that count. */
  readonly from: number
  readonly until: number
  /** Where to go on; the events from there on, old ones included, have been seen. */
  readonly before?: TrailCursor | undefined
  readonly limit: number
}

/** One stretch of an answer. */
export interface TrailPage {
  /** The newest first. May be empty although there is more. */
  readonly events: readonly TrailEntry[]
  /** Absent: there is nothing beyond. */
  readonly next?: TrailCursor | undefined
}

export interface NumberRange {
  readonly from: number
  readonly upTo?: number | undefined
  readonly limit: number
}

/** How many lanes {@link TrailReader.stampsOf} looks at: four servers have no more. */
export const LANES_AT_ONCE = 32

/** The last event of a lane that somebody knows of. */
export type LaneEnd = Pick<TrailStamp, 'lane' | 'number'>

/** What LookupEvents finds events by, as far as its table says so. */
export interface TrailTerm extends Place {
  readonly attribute: string
  readonly value: string
}

export interface TrailReader {
  /**
   * Looks a bounded way back, so that one call never takes more than a few milliseconds: go on from `next`
   * until there are events enough, letting others have their turn in between.
   */
  search(query: TrailQuery): Promise<TrailPage>
  /** The stamps of a lane's events from `after` on, `after` itself excluded, in order. */
  stamps(lane: number, after: number, limit: number): Promise<readonly TrailStamp[]>
  /**
   * The same of many lanes in one question: of each, the next `limit`. By lane and number.
   * @param ends At most {@link LANES_AT_ONCE}.
   */
  stampsOf(ends: readonly LaneEnd[], limit: number): Promise<readonly TrailStamp[]>
  /** A lane's events from number `from` up to `upTo`, both included, in order; to its end where there is no `upTo`. */
  events(lane: number, range: NumberRange): Promise<readonly TrailRow[]>
  /** The lanes above `after`, or of all, by number: the first thousand of them. Go on from the last. */
  lanes(after?: number): Promise<readonly TrailLaneRecord[]>
  /** The lowest lane above `after`, or of all, that has an event, whether it was opened or not. */
  nextLane(after?: number): Promise<number | undefined>
  /** The number of a lane's last event; 0 where it has none. */
  lastNumber(lane: number): Promise<number>
  lastCheckpoint(): Promise<StoredCheckpoint | undefined>
  /** The checkpoints above sequence `after`, in order. */
  checkpoints(after: number, limit: number): Promise<readonly StoredCheckpoint[]>
  key(): Promise<TrailKey | undefined>
  /** Where a pruned trail starts; trail/start.ts reads and writes the text. Absent: at its first event. */
  start(): Promise<string | undefined>
  /** Says which rows {@link missingTerms} will be asked about: asking the database for each by itself takes long. */
  expectTerms(rows: readonly TrailRow[]): Promise<void>
  /** The search terms of `row` that are not on record, by which LookupEvents would not find it. */
  missingTerms(row: TrailRow): Promise<readonly TrailAttribute[]>
  /** The term that comes after `last`, or first of all. */
  nextTerm(last?: TrailTerm): Promise<TrailTerm | undefined>
  /** The earliest instant that any event of an account and region has, in milliseconds since 1970. */
  earliest(place: Place): Promise<number | undefined>
}

export interface TrailWriter extends TrailReader {
  /** Gives the event its number and MAC in this server's lane. The last act of a transaction. */
  append(entry: TrailEntry): Promise<void>
  /** A lane of its own for a server that starts. Answers its number. */
  openLane(keyGeneration: number): Promise<number>
  /**
   * Adds the checkpoint, unless another sealer has already stored one of its sequence or a later one. Answers
   * whether it did.
   */
  addCheckpoint(checkpoint: StoredCheckpoint): Promise<boolean>
  /** Stores the signing key, unless there is one. */
  addKey(key: TrailKey): Promise<void>
  /**
   * Stores where the trail starts, if it still starts at `from`; nothing for a trail that was never pruned. Answers
   * whether it did. Whoever else is about to move it waits for the end of this transaction.
   */
  moveStart(from: string | undefined, to: string): Promise<boolean>
  /** Removes a lane's events up to this number, itself included. Answers how many there were. */
  removeEvents(upTo: LaneEnd): Promise<number>
  /** Removes the checkpoints below this sequence. */
  removeCheckpoints(below: number): Promise<void>
  /** Removes a lane from the list; it has ended, and none of its events are left. */
  removeLane(lane: number): Promise<void>
  /**
   * Removes the term's oldest seconds, as many as lie entirely before `before` (milliseconds since 1970) and not
   * more than `limit`. Answers how many.
   */
  removeTerm(term: TrailTerm, before: number, limit: number): Promise<number>
}
