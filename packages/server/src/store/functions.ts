import type { BoundPolicy } from './bound-policy.ts'
import type { Place } from './store.ts'

/** A Lambda function as it is kept. */
export interface FunctionRecord extends Place {
  readonly name: string
  /** Unqualified. */
  readonly arn: string
  readonly description: string
  /** `nodejs24.x`, `python3.12`, `provided.al2023`, …; as the caller spelled it. */
  readonly runtime: string
  readonly handler: string
  readonly roleArn: string
  readonly timeoutSeconds: number
  readonly memoryMb: number
  /** The environment variables, JSON, sealed by the keyring: they may hold credentials. */
  readonly sealedEnvironment?: Uint8Array | undefined
  readonly code: FunctionCode
  /** Who may invoke it besides what identity policies allow. */
  readonly policy?: BoundPolicy | undefined
  readonly tags?: Readonly<Record<string, string>> | undefined
  /** A UUID, another after each change. */
  readonly revisionId: string
  readonly createdAt: Date
  readonly modifiedAt: Date
}

/**
 * Where a function's code is: a zip in the store, or a directory on every server that the operator allowed. A built-in
 * function's is a module of ours; no store keeps one.
 */
export type FunctionCode =
  // The digest in base64, as Lambda's CodeSha256.
  | { readonly kind: 'zip'; readonly sha256: string; readonly sizeBytes: number }
  | { readonly kind: 'directory'; readonly path: string }
  | { readonly kind: 'built-in'; readonly module: string }

export interface FunctionReader {
  /** In a transaction, holds its row. */
  byName(place: Place, name: string): Promise<FunctionRecord | undefined>
  /** By name, from after `after` on. */
  list(place: Place, after: string | undefined, limit: number): Promise<readonly FunctionRecord[]>
  /** The zip whose digest this is, where a function of the place has it. */
  zip(place: Place, name: string): Promise<Uint8Array | undefined>
}

export interface FunctionWriter extends FunctionReader {
  /** Adds a function whose name must be free; `zip` where its code is one. */
  insert(record: FunctionRecord, zip?: Uint8Array): Promise<void>
  /** Writes all but name and ARN; the zip only where one is given. */
  update(record: FunctionRecord, zip?: Uint8Array): Promise<void>
  remove(place: Place, name: string): Promise<void>
}
