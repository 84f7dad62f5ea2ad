/** A target could not be told. The code says why, and names nothing of the event. */
export class DeliveryFailure extends Error {
  override readonly name = 'DeliveryFailure'
  readonly code: string
  /** After so many attempts it is given up, whatever the target's policy says. */
  readonly maxAttempts: number

  constructor(code: string, maxAttempts = Number.POSITIVE_INFINITY) {
    super(code)
    this.code = code
    this.maxAttempts = maxAttempts
  }

  /** Trying again would not help: AWS does not either. */
  static forGood(code: string): DeliveryFailure {
    return new DeliveryFailure(code, 1)
  }
}
