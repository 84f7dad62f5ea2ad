/** The statuses with which an AWS endpoint answers an error. */
export type ErrorStatus =
  | 400
  | 401
  | 402
  | 403
  | 404
  | 405
  | 408
  | 409
  | 410
  | 412
  | 413
  | 415
  | 429
  | 500
  | 501
  | 502
  | 503

/**
 * An error that an AWS SDK recognises. `code` is AWS's own; the status is looked up in the service's
 * model when the error leaves and the code is modelled there, else {@link status} counts.
 * Any other kind of error leaves the house as an opaque InternalFailure.
 */
export class AwsError extends Error {
  override readonly name = 'AwsError'
  readonly code: string
  readonly status: ErrorStatus
  /** Further modelled members of the error's shape, e.g. `{ Type: 'User' }`; never secret. */
  readonly members: Readonly<Record<string, unknown>>

  constructor(
    code: string,
    message: string,
    status: ErrorStatus = 400,
    options?: ErrorOptions & { readonly members?: Readonly<Record<string, unknown>> },
  ) {
    super(message, options)
    this.code = code
    this.status = status
    this.members = options?.members ?? {}
  }
}
