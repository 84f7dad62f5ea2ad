import type { FailureReason } from '../outbound/failure.ts'

/** A delivery that did not arrive. */
export class DeliveryFailure extends Error {
  override readonly name = 'DeliveryFailure'
  readonly reason: Reason
  /** Whether it is of no use to try again. */
  readonly permanent: boolean

  constructor(reason: Reason, options?: { readonly permanent: boolean }) {
    super(reason)
    this.reason = reason
    this.permanent = options?.permanent ?? false
  }
}

type Reason =
  | FailureReason
  | `status-${number}`
  | 'mail-not-set-up'
  | 'mail-refused'
  | 'function-not-found'
  | 'function-unavailable'
  | 'function-not-permitted'
  | 'function-failed'
