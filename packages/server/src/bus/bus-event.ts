import type { Place } from '../store/store.ts'
import type { TrailEntry } from '../store/trail.ts'
import { inSeconds } from '../trail/identity.ts'

/**
 * An event as rules match it and targets are told of it.
 * @see https://docs.aws.amazon.com/eventbridge/latest/ref/overiew-event-structure.html
 */
export interface BusEvent {
  readonly version: '0'
  /** A UUID. */
  readonly id: string
  readonly 'detail-type': string
  /** `aws.secretsmanager`; what begins with `aws.` is ours alone. */
  readonly source: string
  readonly account: string
  /** In whole seconds, such as `2026-01-31T12:00:00Z`. */
  readonly time: string
  readonly region: string
  readonly resources: readonly string[]
  readonly detail: unknown
}

const SERVICE_EVENT = 'AwsServiceEvent'
const SERVICE_SUFFIX = '.amazonaws.com'

/** What is known of a trail event's shape on the bus without reading its record. */
export function outlineOf({ source, name, account, region }: TrailEntry): Readonly<Record<string, unknown>> {
  return {
    version: '0',
    source: busSource(source),
    account,
    region,
    detail: { eventSource: source, eventName: name, awsRegion: region },
  }
}

/**
 * A trail event as AWS puts it on the bus.
 * @see https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-service-event-cloudtrail.html
 */
export function trailBusEvent(entry: TrailEntry, id: string): BusEvent {
  const detail: { readonly eventType?: unknown } = JSON.parse(entry.body)
  const isServiceEvent = detail.eventType === SERVICE_EVENT
  return {
    version: '0',
    id,
    'detail-type': isServiceEvent ? 'AWS Service Event via CloudTrail' : 'AWS API Call via CloudTrail',
    source: busSource(entry.source),
    account: entry.account,
    time: inSeconds(entry.at),
    region: entry.region,
    resources: [],
    detail,
  }
}

/** What a rule with a schedule tells its targets. */
export function scheduledEvent(
  place: Place,
  { id, ruleArn, at }: { readonly id: string; readonly ruleArn: string; readonly at: Date },
): BusEvent {
  return {
    version: '0',
    id,
    'detail-type': 'Scheduled Event',
    source: 'aws.events',
    account: place.account,
    time: inSeconds(at),
    region: place.region,
    resources: [ruleArn],
    detail: {},
  }
}

/** `aws.secretsmanager` for `secretsmanager.amazonaws.com`. */
export function busSource(source: string): string {
  return `aws.${source.endsWith(SERVICE_SUFFIX) ? source.slice(0, -SERVICE_SUFFIX.length) : source}`
}

/** Calls whose names say that they only look, but which AWS counts among those that change something. */
const CHANGES_DESPITE_NAME = new Set(['GetFederationToken', 'GetSessionToken'])

/**
 * Whether a call is one of those that only rules hear of that ask for all management events: AWS goes by its name, so
 * that `GetSecretValue` is one and `Decrypt` is not.
 * @see https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-service-event-cloudtrail-management.html
 */
export function isReadOnlyCall(name: string): boolean {
  return /^(?:Get|List|Describe)/.test(name) && !CHANGES_DESPITE_NAME.has(name)
}
