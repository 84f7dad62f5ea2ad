import type { Timer } from '../platform/timer.ts'

/** What leaving asks of a {@link Listener}. */
export interface Leaving {
  turnAway(): void
  drain(): Promise<void>
  cut(): void
}

export interface Departure {
  /** How long calls are still taken; 0 takes none from now on. */
  readonly lameDuckMs: number
  /** How long those under way may take to end after that. */
  readonly drainMs: number
  readonly timer: Timer
  /** Settles when nobody wants to wait for the lame duck any longer. */
  readonly hurried: Promise<unknown>
}

/** Takes leave of the clients. README.md tells why each step is safe. */
export async function leave(listener: Leaving, departure: Departure): Promise<void> {
  const { lameDuckMs, drainMs, timer, hurried } = departure
  if (lameDuckMs > 0) {
    listener.turnAway()
    const over = Promise.withResolvers<void>()
    using _end = timer.after(lameDuckMs, over.resolve)
    await Promise.race([over.promise, hurried])
  }
  using _cut = timer.after(drainMs, () => listener.cut())
  await listener.drain()
}
