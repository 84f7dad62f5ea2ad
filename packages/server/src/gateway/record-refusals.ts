import type { Bus } from '../bus/bus.ts'
import type { Clock } from '../platform/clock.ts'
import type { Random } from '../platform/random.ts'
import type { Place } from '../store/store.ts'
import { serviceTrailEntry } from '../trail/event.ts'
import { newEventId } from '../trail/event-id.ts'
import type { Throttle } from './throttle.ts'

export interface RefusalRecorder {
  readonly throttle: Throttle
  readonly bus: Bus
  readonly clock: Clock
  readonly random: Random
  readonly home: Place
}

/** Puts what the throttle refused without an event of its own on the trail: one event for each address. */
export async function recordRefusals({ throttle, bus, clock, random, home }: RefusalRecorder): Promise<void> {
  const at = clock.now()
  const recorded = throttle.drain().map(async (refusals) => {
    const { address, count } = refusals
    const event = serviceTrailEntry({
      ...home,
      eventId: newEventId(at, random),
      at,
      source: 'lockstep',
      name: 'CallsRefused',
      resources: [],
      additional: { sourceIPAddress: address, count },
    })
    await bus.record(event).catch((error: unknown) => {
      // Not lost: the next round tells of them.
      throttle.count(refusals)
      throw error
    })
  })
  await Promise.all(recorded)
}
