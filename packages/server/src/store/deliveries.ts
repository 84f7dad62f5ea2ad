import type { Place } from './store.ts'

/** Which management events go into a trail's files. */
export interface EventChoice {
  readonly readWrite: 'All' | 'ReadOnly' | 'WriteOnly'
  /** `kms.amazonaws.com`; events of these services are left out. */
  readonly excludedSources: readonly string[]
}

/** What an operator decides about a trail. */
export interface TrailSettings {
  readonly bucket: string
  readonly prefix?: string
  readonly isMultiRegion: boolean
  readonly includesGlobal: boolean
  readonly validation: boolean
  /** ARN of the topic that is told of each file. */
  readonly topicArn?: string
  /** An event goes into the files where one of these wants it. */
  readonly choices: readonly EventChoice[]
  /** The selectors as they were put, JSON; absent where nobody put any. */
  readonly selectors?: { readonly kind: 'basic' | 'advanced'; readonly document: string }
}

/** A trail as CloudTrail has it: what of the record of events is delivered where. */
export interface DeliveryTrail extends Place {
  readonly name: string
  /** Unlike that of any other trail, one of the same name that was deleted included. */
  readonly id: string
  readonly settings: TrailSettings
  readonly tags: Readonly<Record<string, string>>
  readonly startedAt?: Date
  /** Later than {@link startedAt}: it is not logging. */
  readonly stoppedAt?: Date
}

/** A stretch of the record that a trail was not logging in. */
export interface Pause {
  /** Milliseconds since 1970. Events up to this instant still belong to the trail. */
  readonly after: number
  /** The last event of each lane when logging was started again: what comes after belongs to the trail. */
  readonly ends: Readonly<Record<string, number>>
}

/** How far something is in the record. */
export interface Position {
  /** The highest lane that is known. */
  readonly highest: number
  /** The last event that is done of each lane that may hold more. A known lane that is not named is done with. */
  readonly lanes: Readonly<Record<string, number>>
}

/** What is about to be written. Stored before it is, so that whoever goes on after a crash writes the same. */
export type Plan =
  | {
      readonly kind: 'files'
      /** Chance, which the names of the files are made of. */
      readonly nonce: string
      /** Milliseconds since 1970. */
      readonly at: number
      readonly settings: TrailSettings
      /** How far the trail is once these files are written. */
      readonly upTo: Position
      /** Events after this instant are not the trail's any more, milliseconds since 1970. */
      readonly until?: number
      /** Whether more events wait. */
      readonly more: boolean
    }
  | {
      readonly kind: 'digests'
      readonly startAt: number
      readonly endAt: number
      readonly settings: TrailSettings
      readonly regions: readonly string[]
      /** The trail was stopped: the chain ends here. */
      readonly isLast: boolean
    }

/** How far a trail that logs is. */
export interface DeliveryState {
  readonly position: Position
  readonly pauses: readonly Pause[]
  /** Since when files are collected for the next digest; absent where no digests are made. */
  readonly digestsFrom?: number
  readonly plan?: Plan
}

/** What GetTrailStatus tells, instants in milliseconds since 1970. */
export interface DeliveryReport {
  readonly attemptAt?: number
  readonly deliveredAt?: number
  /** The code of what the last attempt failed with. */
  readonly error?: string
  readonly digestAt?: number
  readonly digestError?: string
  readonly notificationAttemptAt?: number
  readonly notifiedAt?: number
  readonly notificationError?: string
}

/** A file of a trail that was delivered, for its digest. */
export interface DeliveredFile {
  readonly region: string
  readonly bucket: string
  readonly object: string
  /** SHA-256 of what is inside the compression, hexadecimal. */
  readonly hash: string
  readonly oldestAt: Date
  readonly newestAt: Date
}

/** What the next digest says of the one before. */
export interface LastDigest {
  readonly region: string
  readonly bucket: string
  readonly object: string
  readonly hash: string
  readonly signature: string
}

/** The RSA key pair behind the digests' signatures. */
export interface DigestKeyRecord {
  /** DER, PKCS #1, as ListPublicKeys shows it. */
  readonly publicKey: Uint8Array
  /** DER, PKCS #8, sealed by the keyring. */
  readonly sealedPrivateKey: Uint8Array
  readonly createdAt: Date
}

/** A trail's state with the number of its last change. */
export interface StoredState {
  readonly revision: number
  readonly state: DeliveryState
}

/** A trail by what stays the same of it. */
export type TrailId = Place & Pick<DeliveryTrail, 'id'>

export interface DeliveryReader {
  find(place: Place, name: string): Promise<DeliveryTrail | undefined>
  /** The trails of an account in every region, by region and name: five in each at most, as AWS has it. */
  ofAccount(account: string): Promise<readonly DeliveryTrail[]>
  state(trail: TrailId): Promise<StoredState | undefined>
  /** Every trail that has not delivered all that it has to; few, as trails are. */
  unfinished(): Promise<readonly { readonly trail: DeliveryTrail; readonly state: DeliveryState }[]>
  report(trail: TrailId): Promise<DeliveryReport>
  /** The files that no digest names yet, by region and name: those of one digest period. */
  files(trail: TrailId): Promise<readonly DeliveredFile[]>
  /** The last digest of each region that has one. */
  digests(trail: TrailId): Promise<readonly LastDigest[]>
  digestKey(): Promise<DigestKeyRecord | undefined>
}

export interface DeliveryWriter extends DeliveryReader {
  /** Adds the trail, or puts it in the place of the one of its name. */
  save(trail: DeliveryTrail): Promise<void>
  /** Removes the trail and all that is kept for it. */
  remove(trail: DeliveryTrail): Promise<void>
  /**
   * Stores a state if the one it was made from is still there, `from` being its revision; absent, where there was
   * none. Answers whether it did. Whoever else is about to change it waits for the end of this transaction.
   */
  moveState(trail: TrailId, from: number | undefined, state: DeliveryState): Promise<boolean>
  /** Removes the state, if it is still this one. */
  removeState(trail: TrailId, from: number): Promise<boolean>
  saveReport(trail: TrailId, report: DeliveryReport): Promise<void>
  addFiles(trail: TrailId, files: readonly DeliveredFile[]): Promise<void>
  /** Replaces what is known of the last digests, and forgets the files that they name: all. */
  saveDigests(trail: TrailId, digests: readonly LastDigest[]): Promise<void>
  /** Ends every chain: the next digest follows none. */
  forgetDigests(trail: TrailId): Promise<void>
  /** Stores the key, unless there is one. */
  addDigestKey(key: DigestKeyRecord): Promise<void>
}
