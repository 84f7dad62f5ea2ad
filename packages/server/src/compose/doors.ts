import type { Functions } from '../functions/functions.ts'
import type { Clock } from '../platform/clock.ts'
import type { Logger } from '../platform/logger.ts'
import type { Metrics } from '../platform/metrics.ts'
import type { Random } from '../platform/random.ts'
import type { Timer } from '../platform/timer.ts'

/** The doors to the outside that a house is built with: real ones in production, by hand in tests. */
export interface Doors {
  readonly clock: Clock
  readonly random: Random
  readonly timer: Timer
  readonly logger: Logger
  readonly metrics: Metrics
  /** Where functions reach the server, once it listens; until then they wait. Absent: it never does. */
  readonly endpoint?: Promise<string>
  /** What runs functions in place of processes; tests alone have one. */
  readonly functions?: Functions
  /** Where a new account's administrator is put down before the account exists. */
  keepAdministrator(administrator: Administrator): void
  /** Another server was faster, and its administrator is the account's. */
  dropAdministrator(account: string): void
}

/** An account's first access key, known only at the start that made it. */
export interface Administrator {
  readonly account: string
  readonly accessKeyId: string
  readonly secretAccessKey: string
}
