/** An event pattern is not one; the message is the reason in AWS's words. */
export class InvalidPattern extends Error {
  override readonly name = 'InvalidPattern'
}
