import type { Bus } from '../bus/bus.ts'
import type { Clock } from '../platform/clock.ts'
import type { Random } from '../platform/random.ts'
import { Recent } from '../platform/recent.ts'
import { serviceTrailEntry } from '../trail/event.ts'
import { newEventId } from '../trail/event-id.ts'
import type { NodeName } from './dispatch.ts'

/** The same of one node is told this seldom: it goes on for as long as nobody looks after it. */
const AGAIN_MS = 10 * 60_000
const REMEMBERED = 10_000

/**
 * `NodeIdentityUsedTwice`: two agents speak with one node's key, as where a machine was cloned, or its key stolen.
 * `NodeHostKeysDiffer`: a node tells of other SSH host keys than those it registered with.
 */
type Suspicion = 'NodeIdentityUsedTwice' | 'NodeHostKeysDiffer'

interface NodeEventsParts {
  readonly bus: Bus
  readonly clock: Clock
  readonly random: Random
}

/** Puts what is odd about nodes on the trail. */
export class NodeEvents {
  readonly #parts: NodeEventsParts
  readonly #toldAtMs = new Recent<number>(REMEMBERED)

  constructor(parts: NodeEventsParts) {
    this.#parts = parts
  }

  async tell(name: Suspicion, { account, region, id }: NodeName, sourceIPAddress: string): Promise<void> {
    const { bus, clock, random } = this.#parts
    const at = clock.now()
    const key = `${name} ${id}`
    if (at.getTime() - (this.#toldAtMs.get(key) ?? Number.NEGATIVE_INFINITY) < AGAIN_MS) return
    this.#toldAtMs.set(key, at.getTime())
    await bus.record(
      serviceTrailEntry({
        eventId: newEventId(at, random),
        ...{ at, account, region, name },
        source: 'lockstep',
        resources: [],
        additional: { instanceId: id, sourceIPAddress },
      }),
    )
  }
}
