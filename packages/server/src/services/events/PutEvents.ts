import type {
  PutEventsRequest,
  PutEventsRequestEntry,
  PutEventsResponse,
  PutEventsResultEntry,
} from '@aws-sdk/client-eventbridge'
import type { Validated } from '@lockstep/wire'
import type { BusEvent } from '../../bus/bus-event.ts'
import { queueDeliveries } from '../../bus/delivery.ts'
import { listenersOf } from '../../bus/listeners.ts'
import { busArn } from '../../bus/rule-arn.ts'
import type { WriteContext } from '../../gateway/context.ts'
import { writeOperation } from '../../gateway/operation.ts'
import { inSeconds } from '../../trail/identity.ts'
import { invalid } from './errors.ts'
import { BUS_TYPE, isDefaultBus } from './event-bus.ts'

/** @see https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-putevent-size.html */
const MAX_TOTAL_BYTES = 256 * 1024
const TIME_BYTES = 14

/** Sources that begin with this are AWS's services'. */
const RESERVED_SOURCE = 'aws.'

type Entry = Validated<PutEventsRequestEntry>

/**
 * Offers events of one's own to the rules. What they match is delivered if and only if this call succeeds.
 *
 * @see https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_PutEvents.html
 */
export const PutEvents = writeOperation<PutEventsRequest, PutEventsResponse>({
  action: 'events:PutEvents',
  target: (_input, ctx) => ({ arn: busArn(ctx), account: ctx.account, type: BUS_TYPE }),
  keys: ({ Entries }) => ({
    'events:source': Entries.flatMap(({ Source }) => Source ?? []),
    'events:detail-type': Entries.flatMap(({ DetailType }) => DetailType ?? []),
  }),

  async run({ Entries, EndpointId }, ctx) {
    // DIVERGENCE: there are no global endpoints.
    if (EndpointId !== undefined) throw invalid(`Endpoint '${EndpointId}' does not exist.`)
    if (Entries.reduce((sum, entry) => sum + sizeOf(entry), 0) > MAX_TOTAL_BYTES)
      throw invalid('Total size of the entries in the request is over the limit.')
    const results: PutEventsResultEntry[] = []
    for (const entry of Entries) results.push(await put(entry, ctx))
    const failures = results.filter(({ ErrorCode }) => ErrorCode !== undefined)
    return { FailedEntryCount: failures.length, Entries: results }
  },
})

async function put(entry: Entry, ctx: WriteContext): Promise<PutEventsResultEntry> {
  const { event, failure } = eventIn(entry, ctx)
  if (failure) return failure
  // AWS takes events in for a bus that does not exist, and tells nobody.
  if (entry.EventBusName === undefined || isDefaultBus(entry.EventBusName, ctx)) await offer(event, ctx)
  return { EventId: event.id }
}

async function offer(event: BusEvent, ctx: WriteContext): Promise<void> {
  const { store, random, keyring, clock } = ctx
  const { all } = listenersOf(await store.rules.live(ctx))
  for (const { name, targetIds, compiled } of all)
    if (compiled.matches(event))
      await queueDeliveries(
        store,
        ctx,
        { rule: name, targetIds, event },
        { random, keyring, now: clock.now() },
      )
}

/** The event that an entry stands for, or why it stands for none. */
type ReadEntry =
  | { readonly event: BusEvent; readonly failure?: undefined }
  | { readonly event?: undefined; readonly failure: PutEventsResultEntry }

function eventIn(entry: Entry, ctx: WriteContext): ReadEntry {
  const { Source, DetailType, Detail, Time, Resources = [] } = entry
  if (!Source) return missing('Source')
  if (!DetailType) return missing('DetailType')
  if (!Detail) return missing('Detail')
  if (Source.startsWith(RESERVED_SOURCE))
    return failed('NotAuthorizedForSourceException', 'Not authorized for the source.')
  const detail = objectIn(Detail)
  if (!detail) return failed('MalformedDetail', 'Detail is malformed.')
  const event: BusEvent = {
    version: '0',
    id: ctx.random.uuid(),
    'detail-type': DetailType,
    source: Source,
    account: ctx.account,
    time: inSeconds(Time ?? ctx.clock.now()),
    region: ctx.region,
    resources: Resources,
    detail,
  }
  return { event }
}

function missing(parameter: string): ReadEntry {
  return failed(
    'InvalidArgument',
    `Parameter ${parameter} is not valid. Reason: ${parameter} is a required argument.`,
  )
}

function failed(ErrorCode: string, ErrorMessage: string): ReadEntry {
  return { failure: { ErrorCode, ErrorMessage } }
}

function objectIn(text: string): object | undefined {
  try {
    const parsed: unknown = JSON.parse(text)
    return typeof parsed === 'object' && parsed !== null && !Array.isArray(parsed) ? parsed : undefined
  } catch {
    return undefined
  }
}

/** As AWS counts an entry. */
function sizeOf({ Time, Source = '', DetailType = '', Detail = '', Resources = [] }: Entry): number {
  const texts = [Source, DetailType, Detail, ...Resources]
  return (Time ? TIME_BYTES : 0) + texts.reduce((sum, text) => sum + Buffer.byteLength(text), 0)
}
