/** Why nothing was received, or not for good: words of ours, never what the other side said. */
export type FailureReason =
  | 'address-not-allowed'
  | 'name-not-found'
  | 'connection-failed'
  | 'tls-failed'
  | 'timeout'
  | 'bad-response'

/** What was to leave did not arrive, as far as we know. */
export class OutboundFailure extends Error {
  override readonly name = 'OutboundFailure'
  readonly reason: FailureReason

  constructor(reason: FailureReason) {
    super(reason)
    this.reason = reason
  }
}
