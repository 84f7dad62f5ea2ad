/** Where deliveries may go, as far as can be told before any is tried. */
export interface Destinations {
  /** Whether a host may be sent to; a name is admitted here, and its addresses are looked at when it is used. */
  admitsHost(host: string): boolean
  /** Whether mails can be sent at all. */
  readonly mail: boolean
}
