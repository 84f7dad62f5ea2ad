import type { Place } from './store.ts'

/** What was published, until the last subscription has had it. */
export interface Notice extends Place {
  /** A UUID, the MessageId. */
  readonly id: string
  /** Subject, message and attributes, JSON, sealed by the keyring. */
  readonly sealed: Uint8Array
  readonly publishedAt: Date
  /** How many deliveries are still to end. */
  readonly pending: number
}

/** What was given up after the last attempt. */
export interface DeadLetter extends Place {
  /** A UUID. */
  readonly id: string
  /** The topic's name. */
  readonly topic: string
  readonly subscriptionArn: string
  readonly protocol: string
  readonly endpoint: string
  readonly messageId: string
  /** The notice as it was published, sealed; absent for a question whether a subscription is wanted. */
  readonly sealed: Uint8Array | undefined
  readonly attempts: number
  /** Why the last attempt failed: a word of ours, never what the receiver said. */
  readonly reason: string
  readonly failedAt: Date
}

/** Who signs what HTTP subscriptions get. */
export interface Signer extends Place {
  /** Part of the certificate's URL: 32 hexadecimal digits. */
  readonly id: string
  /** An RSA private key, PKCS#8 in DER, sealed by the keyring. */
  readonly sealedKey: Uint8Array
  /** PEM. */
  readonly certificate: string
  readonly expiresAt: Date
}

export interface NoticeReader {
  notice(place: Place, id: string): Promise<Notice | undefined>
  /** The newest first. */
  deadLetters(place: Place, limit: number): Promise<readonly DeadLetter[]>
  /** How many there are, in every place. */
  deadLetterCount(): Promise<number>
  /** The one that expires last. */
  signer(place: Place): Promise<Signer | undefined>
  /** By id, in whatever place: certificates are for everybody. */
  certificate(id: string): Promise<string | undefined>
}

export interface NoticeWriter extends NoticeReader {
  addNotice(notice: Notice): Promise<void>
  /** One delivery less is pending; after the last one the notice is gone. */
  deliveryEnded(place: Place, id: string): Promise<void>
  /** Adds a dead letter; of its place the newest `keep` stay. */
  addDeadLetter(letter: DeadLetter, keep: number): Promise<void>
  addSigner(signer: Signer): Promise<void>
}
