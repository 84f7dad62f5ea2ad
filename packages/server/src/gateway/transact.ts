import { partitionOf, trailResponse } from '@lockstep/wire'
import type { Bus } from '../bus/bus.ts'
import type { Functions } from '../functions/functions.ts'
import type { Keyring } from '../keyring/keyring.ts'
import type { Destinations } from '../outbound/destinations.ts'
import type { Clock } from '../platform/clock.ts'
import type { Random } from '../platform/random.ts'
import type { Timer } from '../platform/timer.ts'
import { lockOf } from '../store/locks.ts'
import type { Place, Readers, Store, Writers } from '../store/store.ts'
import type { Decoded, Ready } from './call.ts'
import type { Context, WriteContext } from './context.ts'
import type { Decider } from './decide.ts'
import { entriesOf } from './entries.ts'
import { bind, type PreparationDoors } from './operation.ts'
import type { Step } from './step.ts'

/** What every call's context is made of. */
export interface Rooms extends PreparationDoors {
  readonly clock: Clock
  readonly random: Random
  readonly timer: Timer
  readonly keyring: Keyring
  readonly destinations: Destinations
  readonly functions: Functions
  readonly store: Store
  readonly decider: Decider
  /** Those that this server answers for. */
  readonly regions: readonly string[]
  /** The buckets that trails may name. */
  readonly trailBuckets: ReadonlySet<string>
  /** The way of every event to the trail. */
  readonly bus: Bus
  /** Where the events of calls go that never proved who they are. */
  readonly home: Place
}

/**
 * Opens what the operation works on. A read sees committed rows, and its event is written on the way out.
 * A write is one transaction, which authorization, the change, its jobs and its event share.
 */
export function transact(rooms: Rooms): Step<Decoded, Ready> {
  return async (call, next) => {
    const { operation, input, facts } = call
    if (operation.access === 'read') {
      const ctx = contextOf(call, rooms, rooms.store.read)
      return next({ ...call, ctx, bound: bind(operation, input, ctx, undefined) })
    }
    const { account } = call.principal
    const prepared = await operation.prepare?.(input, rooms)
    const place = { account, region: call.region }
    const preparing = rooms.bus.prepare(place)
    if (preparing) await preparing
    const output = await rooms.store.write(
      async (tx: Writers) => {
        facts.inner = []
        const append: WriteContext['append'] = (entry) => rooms.bus.append(tx, entry)
        const ctx = { ...contextOf(call, rooms, tx), append }
        const answered = await next({ ...call, ctx, bound: bind(operation, input, ctx, prepared) })
        facts.response = trailResponse(call.model, answered)
        for (const entry of entriesOf(call, rooms.home, rooms.random)) await append(entry)
        return answered
      },
      lockOf(call.service.name, place),
    )
    facts.recorded = true
    return output
  }
}

function contextOf<Held extends Readers>(
  call: Decoded,
  { clock, random, timer, keyring, destinations, functions, store, decider, regions, trailBuckets }: Rooms,
  held: Held,
): Context & { readonly store: Held } {
  const { principal, region, facts, received } = call
  const refusal: Context['refusal'] = (check) => decider.refusal(call, check)
  return {
    account: principal.account,
    region,
    regions,
    partition: partitionOf(region),
    principal,
    requestId: received.requestId,
    clock,
    random,
    timer,
    keyring,
    destinations,
    functions,
    store: held,
    trailBuckets,
    access: call.operation.access,
    keysRevision: () => store.revision('keys'),
    refusal,
    demand(check) {
      const refused = refusal(check)
      if (refused) throw refused
    },
    alsoRecord: (inner) => void facts.inner.push(inner),
    queue: (job) => store.write((tx) => tx.jobs.queue(job)),
    defer: (work) => store.defer(work),
  }
}
