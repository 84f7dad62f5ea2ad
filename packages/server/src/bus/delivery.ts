import type { Keyring } from '../keyring/keyring.ts'
import type { Random } from '../platform/random.ts'
import type { JobWriter } from '../store/jobs.ts'
import type { Place } from '../store/store.ts'
import type { BusEvent } from './bus-event.ts'
import type { Listener } from './listeners.ts'

/** The kind of job that tells one target of one event. */
export const DELIVER_EVENT = 'deliver-event'

/** One event on its way to one target of one rule. */
export interface Delivery {
  readonly rule: string
  readonly target: string
  readonly event: BusEvent
  /** When the bus took the event in: what its age is counted from. */
  readonly takenInAt: Date
}

/** What a delivery's job carries. A user's own event may hold anything, and is sealed for the time that it waits. */
interface Payload {
  readonly rule: string
  readonly target: string
  readonly takenInAtMs: number
  readonly event?: BusEvent
  readonly sealed?: string
}

export interface DeliveryDoors {
  readonly random: Random
  readonly now: Date
  /** Seals the event; without it the event is queued as it is. */
  readonly keyring?: Keyring
}

/** Queues one delivery for each target of a rule, in the transaction that took the event in. */
export async function queueDeliveries(
  tx: { readonly jobs: JobWriter },
  place: Place,
  {
    rule,
    targetIds,
    event,
  }: { readonly rule: string; readonly targetIds: Listener['targetIds']; readonly event: BusEvent },
  { random, now, keyring }: DeliveryDoors,
): Promise<void> {
  const { account, region } = place
  const carried = keyring ? { sealed: seal(keyring, place, event) } : { event }
  for (const target of targetIds) {
    const payload: Payload = { rule, target, takenInAtMs: now.getTime(), ...carried }
    await tx.jobs.queue({
      account,
      region,
      id: random.uuid(),
      kind: DELIVER_EVENT,
      // A rule's name has no slash.
      key: `${rule}/${target}/${event.id}`,
      runAt: now,
      payload: { ...payload },
    })
  }
}

/** Undoes {@link queueDeliveries}. */
export function deliveryOf(
  job: Place & { readonly payload: object; readonly key: string },
  keyring: Keyring,
): Delivery {
  const { rule, target, takenInAtMs, event, sealed } = job.payload as Payload // queueDeliveries wrote it
  const carried = event ?? open(keyring, job, sealed ?? '', job.key.slice(`${rule}/${target}/`.length))
  return { rule, target, event: carried, takenInAt: new Date(takenInAtMs) }
}

function seal(keyring: Keyring, place: Place, event: BusEvent): string {
  const bytes = new TextEncoder().encode(JSON.stringify(event))
  return Buffer.from(keyring.seal('bus-event', bytes, contextOf(place, event.id))).toString('base64')
}

function open(keyring: Keyring, place: Place, sealed: string, id: string): BusEvent {
  using bytes = keyring.open('bus-event', Buffer.from(sealed, 'base64'), contextOf(place, id))
  return JSON.parse(bytes.text()) as BusEvent // sealed by seal, and authenticated
}

function contextOf({ account, region }: Place, id: string) {
  return { account, region, eventId: id }
}
