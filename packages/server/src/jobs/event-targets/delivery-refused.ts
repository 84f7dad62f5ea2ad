/**
 * A target could not be told, and would not be at a second attempt: it is not there, or does not let EventBridge in.
 * The code says why, and names nothing of the event.
 */
export class DeliveryRefused extends Error {
  override readonly name = 'DeliveryRefused'
  readonly code: string

  constructor(code: string) {
    super(code)
    this.code = code
  }
}
