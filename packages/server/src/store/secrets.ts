import type { BoundPolicy } from './bound-policy.ts'
import type { Place } from './store.ts'

/**
 * The kind of job that purges a secret at the end of its recovery window; its key is the secret's ARN.
 * DeleteSecret queues it, RestoreSecret cancels it.
 */
export const PURGE_SECRET = 'purge-secret'

/** The kind of job that takes a secret's rotation through its steps; its key is the secret's ARN. */
export const ROTATE_SECRET = 'rotate-secret'

/** The kind of job that begins the rotation of a window; its key is the secret's ARN. */
export const START_ROTATION = 'start-rotation'

/** The version that GetSecretValue answers when none is named. */
export const CURRENT = 'AWSCURRENT'
/** The version that a rotation is making. */
export const PENDING = 'AWSPENDING'

/** Staging label -> the id of the one version that holds it. A map: a label may be called `__proto__`. */
export type Labels = ReadonlyMap<string, string>

export type SecretTags = Readonly<Record<string, string>>

/** A secret without its values. */
export interface Secret extends Place {
  readonly name: string
  /** Ends in six random characters, so that a secret made anew under an old name has another. */
  readonly arn: string
  readonly description?: string | undefined
  /** The KMS key as the caller named it; absent for the account's own aws/secretsmanager. */
  readonly kmsKeyId?: string | undefined
  /** The ARN that {@link kmsKeyId} meant when it was given. */
  readonly kmsKeyArn?: string | undefined
  readonly labels: Labels
  /** Absent: never tagged. AWS tells that apart from a secret whose last tag was removed. */
  readonly tags?: SecretTags | undefined
  readonly policy?: BoundPolicy | undefined
  readonly rotation?: Rotation | undefined
  /** Of a primary: where its replicas are, never empty. */
  readonly replicas?: readonly Replica[] | undefined
  /** Of a replica: the region of its primary, in whose place alone it can be changed. */
  readonly primaryRegion?: string | undefined
  readonly createdAt: Date
  readonly changedAt: Date
  /** Midnight UTC of the last day on which a value was read. */
  readonly accessedAt?: Date | undefined
  /** When deletion was asked for; the secret is out of use from then on. */
  readonly deletedAt?: Date | undefined
  /** The end of the recovery window: from this instant on the secret does not exist. */
  readonly purgeAt?: Date | undefined
}

/** A copy of a secret in another region, as its primary knows it. */
export interface Replica {
  readonly region: string
  /** The KMS key of that region as the caller named it; absent for the account's own aws/secretsmanager there. */
  readonly kmsKeyId?: string | undefined
  readonly kmsKeyArn?: string | undefined
  readonly status: 'InProgress' | 'InSync' | 'Failed'
  readonly statusMessage?: string | undefined
  /** It may take the place of a secret that has its name there; until it is first in sync. */
  readonly overwrites?: boolean | undefined
  /** Its versions are to come under {@link kmsKeyArn}, whatever key they are under; until it is in sync. */
  readonly reseals?: boolean | undefined
}

/** What RotateSecret was told, and what came of it. */
export interface Rotation {
  readonly enabled: boolean
  readonly lambdaArn?: string | undefined
  readonly rules?: RotationRules | undefined
  readonly rotatedAt?: Date | undefined
  /** The last moment of the next rotation's window. */
  readonly nextAt?: Date | undefined
  /** What {@link rules} count from: when they were given, or the last rotation where days count from that. */
  readonly anchorAt?: Date | undefined
  /** What is under way, or was given up until somebody or the next window takes it up again. */
  readonly run?: RotationRun | undefined
}

/** The steps of a rotation, in order, as functions are asked for them. */
export type RotationStep = 'createSecret' | 'setSecret' | 'testSecret' | 'finishSecret'

/** One rotation, or one test of a configuration. */
export interface RotationRun {
  readonly kind: 'rotation' | 'test'
  /** The version that AWSPENDING was put on; the ClientRequestToken of every step. */
  readonly versionId: string
  /** The step that is next, or under way: those before it are done. */
  readonly step: RotationStep
  readonly startedAt: Date
  /** No attempt begins later. */
  readonly retryUntil: Date
  /** How many attempts have begun. */
  readonly attempts: number
  /** Nothing works on it until it is taken up again. */
  readonly givenUp: boolean
  /** SHA-256 of the RotationToken that the function got with the step under way, in hexadecimal. */
  readonly tokenDigest?: string | undefined
}

export interface RotationRules {
  readonly automaticallyAfterDays?: number | undefined
  /** `3h` */
  readonly duration?: string | undefined
  /** `rate(10 days)` or `cron(…)` */
  readonly scheduleExpression?: string | undefined
}

/** A version as lists show it: all but the value. */
export interface VersionListing {
  readonly id: string
  /** Absent on a version that RotateSecret reserved, until its value comes. */
  readonly value?: ValueListing | undefined
  readonly createdAt: Date
  /** Midnight UTC of the last day on which it was read. */
  readonly accessedAt?: Date | undefined
}

interface ValueListing {
  readonly kind: 'string' | 'binary'
  /** The key that wraps the data key; absent for the account's own aws/secretsmanager. */
  readonly kmsKeyArn?: string | undefined
}

export interface SecretVersion extends VersionListing {
  readonly value?: SealedValue | undefined
}

/** A value as it is stored: under a data key of its own, which is itself under a KMS key. */
export interface SealedValue extends ValueListing {
  readonly sealed: Uint8Array
  readonly wrappedKey: Uint8Array
}

/** What {@link SecretReader.list} sorts by. Names are unique per place and break ties. */
export type SecretOrder = 'name' | 'createdAt' | 'changedAt' | 'accessedAt'

/** Where a list goes on: the sort value and name of the last secret that was seen. */
export interface SecretPosition {
  readonly name: string
  /** Milliseconds since 1970, 0 for a secret never accessed; of no meaning for the order `name`. */
  readonly at: number
}

export interface SecretQuery {
  readonly order: SecretOrder
  readonly descending: boolean
  /** Whether secrets in their recovery window take part. Those past it never do. */
  readonly includeDeleted: boolean
  /** Only names that begin with one of these, in ASCII, compared by bytes. */
  readonly namePrefixes?: readonly string[] | undefined
  readonly after?: SecretPosition | undefined
  readonly limit: number
}

/**
 * Secrets, each in its place. A secret whose recovery window is over is answered until `purge` takes it:
 * readers compare {@link Secret.purgeAt} with the clock, only `list` does so itself.
 */
export interface SecretReader {
  byName(place: Place, name: string): Promise<Secret | undefined>
  byArn(place: Place, arn: string): Promise<Secret | undefined>
  version(place: Place, arn: string, versionId: string): Promise<SecretVersion | undefined>
  /** Every version of a secret, the newest first. */
  versions(place: Place, arn: string): Promise<readonly VersionListing[]>
  /** One stretch of the secrets in order, without their policies. Text is compared by bytes. */
  list(place: Place, now: Date, query: SecretQuery): Promise<readonly Secret[]>
}

export interface SecretWriter extends SecretReader {
  /** Adds a secret whose name must be free, and has its replicas made by jobs. */
  insert(secret: Secret): Promise<void>
  /**
   * Writes all of the secret but its name, ARN, creation and last access; `arn` says which one it is. Whoever changed
   * its versions calls it afterwards. Its replicas are then in progress, and jobs queued that bring them up to
   * date: here, so that no change can forget them.
   */
  update(secret: Secret): Promise<void>
  /** Writes what a primary knows of its replicas, and nothing else; none of them where the list is empty. */
  setReplicas(place: Place, arn: string, replicas: readonly Replica[]): Promise<void>
  addVersion(place: Place, arn: string, version: SecretVersion): Promise<void>
  /** Gives a version another value: the first one, or the same one under another key. */
  setValue(place: Place, arn: string, versionId: string, value: SealedValue): Promise<void>
  removeVersion(place: Place, arn: string, versionId: string): Promise<void>
  /** Removes a secret with all of its versions, whatever its state. */
  remove(place: Place, arn: string): Promise<void>
  /** Removes a secret whose recovery window is over at `now`, and only then. Answers whether it did. */
  purge(place: Place, arn: string, now: Date): Promise<boolean>
  /** Notes that a version's value was read on the UTC day that begins at `day`. Never goes back in time. */
  touch(place: Place, arn: string, versionId: string, day: Date): Promise<void>
}
