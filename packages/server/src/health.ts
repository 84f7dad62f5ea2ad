import type { Clock } from './platform/clock.ts'
import type { Logger } from './platform/logger.ts'
import type { Timer } from './platform/timer.ts'
import type { Store } from './store/store.ts'
import { StoreUnavailable } from './store/unavailable.ts'
import { TrailBroken } from './trail/sealer.ts'

/** How long an answer is good for: /healthz is open to everybody, and each look writes. */
const GOOD_FOR_MS = 1000

/** A store that takes longer for one small write is no store for the calls that wait for theirs. */
const PROBE_LIMIT_MS = 5000
const OVERDUE = `The store has not answered for more than ${PROBE_LIMIT_MS / 1000} seconds.`

export interface HealthReport {
  readonly healthy: boolean
  readonly page: {
    readonly status: 'ok' | 'failing'
    /** `ok`, or the reason why not. */
    readonly checks: Readonly<Record<'store' | 'trail', string>>
  }
}

export interface HealthDoors {
  readonly store: Store
  readonly clock: Clock
  readonly timer: Timer
  readonly logger: Logger
}

/**
 * Whether the server can do its work: red, with the reason, when nothing can be written, because then no event
 * can be either and every call fails; and when the sealer has found the trail to be other than it was.
 */
export class Health {
  readonly #doors: HealthDoors
  #trail = 'ok'
  #last: { readonly atMs: number; readonly report: Promise<HealthReport> } | undefined
  /** What the probe under way has found; there is never more than one. */
  #probing: Promise<string> | undefined

  constructor(doors: HealthDoors) {
    this.#doors = doors
  }

  /** The sealer has done its round. */
  sealed(): void {
    this.#trail = 'ok'
  }

  /** The sealer could not. */
  unsealed(error: unknown): void {
    this.#trail = sentenceOf(error) ?? 'The trail could not be sealed; the log tells why.'
  }

  /** Answers within {@link PROBE_LIMIT_MS}, whatever the store does. */
  check(): Promise<HealthReport> {
    const atMs = this.#doors.clock.now().getTime()
    // Either way: a clock that was set back must not keep an old answer until it has caught up.
    if (this.#last && Math.abs(atMs - this.#last.atMs) < GOOD_FOR_MS) return this.#last.report
    const report = this.#look()
    this.#last = { atMs, report }
    return report
  }

  async #look(): Promise<HealthReport> {
    this.#probing ??= this.#probe()
    const store = await this.#probing
    // Without a store there is no trail, but what the sealer found is the more telling.
    const trail = this.#trail === 'ok' ? store : this.#trail
    const healthy = store === 'ok' && trail === 'ok'
    return { healthy, page: { status: healthy ? 'ok' : 'failing', checks: { store, trail } } }
  }

  /** Settles in time; the probe itself may still be under way, and until it ends no other is started. */
  #probe(): Promise<string> {
    const { store, timer, logger } = this.#doors
    const overdue = Promise.withResolvers<string>()
    const limit = timer.after(PROBE_LIMIT_MS, () => {
      logger.error('store.overdue')
      overdue.resolve(OVERDUE)
    })
    const ended = store
      .probe()
      .then(
        () => 'ok',
        (error: unknown) => {
          logger.error('store.unwell', { error })
          return sentenceOf(error) ?? 'The store failed; the log tells how.'
        },
      )
      .finally(() => {
        limit[Symbol.dispose]()
        this.#probing = undefined
      })
    return Promise.race([ended, overdue.promise])
  }
}

/** The page is everybody's: only sentences of our own, which name no address, path or user, are shown. */
function sentenceOf(error: unknown): string | undefined {
  return error instanceof StoreUnavailable || error instanceof TrailBroken ? error.message : undefined
}
