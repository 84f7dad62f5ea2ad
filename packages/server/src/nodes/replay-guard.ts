/** How far a request's time may be from ours, to either side. */
export const WINDOW_MS = 5 * 60_000
/** A request may be dated up to one window ahead, and is good for one window after that. */
const REMEMBERED_MS = 2 * WINDOW_MS
/** Remembered of one span at most. 10,000 nodes that poll make 300,000. */
const MAX_REMEMBERED = 1_000_000

/**
 * Remembers which requests have come in, so that none counts twice. Only those whose signature held are remembered:
 * nobody but nodes can fill it. Of bounded size; where that is not enough, nodes wait. What came in before it was made
 * it cannot know, and so nothing that is older than it counts.
 */
export class ReplayGuard {
  readonly #max: number
  readonly #madeAt: Date
  #spanStartedAtMs = Number.NEGATIVE_INFINITY
  #now = new Set<string>()
  /** Those of the span before, still within {@link REMEMBERED_MS}. */
  #before = new Set<string>()

  constructor(madeAt: Date, max: number = MAX_REMEMBERED) {
    this.#madeAt = madeAt
    this.#max = max
  }

  /**
   * Whether it would know a request that was made `at`. A server whose clock was put back cannot tell, and must not
   * refuse everybody until it has caught up.
   */
  reaches(at: Date, now: Date): boolean {
    return at >= this.#madeAt || now < this.#madeAt
  }

  take(request: string, now: Date): 'new' | 'known' | 'full' {
    const age = now.getTime() - this.#spanStartedAtMs
    if (age >= REMEMBERED_MS) {
      this.#before = age < 2 * REMEMBERED_MS ? this.#now : new Set()
      this.#now = new Set()
      this.#spanStartedAtMs = now.getTime()
    }
    if (this.#now.has(request) || this.#before.has(request)) return 'known'
    if (this.#now.size >= this.#max) return 'full'
    this.#now.add(request)
    return 'new'
  }
}
