/** One object on its way out. */
export interface NewObject {
  readonly key: string
  readonly body: Uint8Array
  /** S3's own object metadata. */
  readonly metadata?: Readonly<Record<string, string>>
}

/** Where files go. It is only ever added to. */
export interface Bucket {
  /**
   * Adds an object and answers once it is durable. One that has its key already is left as it is: names are never
   * given twice, so an attempt that ended without an answer has written it.
   * @throws DeliveryFailed
   */
  put(object: NewObject): Promise<void>
}

/** The buckets that the operator has named. */
export type Buckets = ReadonlyMap<string, Bucket>

/** An object could not be written. */
export class DeliveryFailed extends Error {
  override readonly name = 'DeliveryFailed'
  /** S3's, such as `AccessDenied`, or the system's, such as `ENOSPC`: what GetTrailStatus shows. */
  readonly code: string

  constructor(code: string, options?: ErrorOptions) {
    super(`The file could not be delivered: ${code}`, options)
    this.code = code
  }
}
