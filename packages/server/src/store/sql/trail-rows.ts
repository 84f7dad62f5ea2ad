import type { Place } from '../store.ts'
import type { TrailColumns, TrailCursor, TrailEntry, TrailRow, TrailStamp } from '../trail.ts'
import type { SqlValue } from './sql.ts'

/** A row of trail_events. */
export interface EventRow {
  readonly account: string
  readonly region: string
  readonly position: number
  readonly at: number
  readonly event_id: string
  readonly source: string
  readonly name: string
  readonly read_only: 0 | 1
  readonly user_name: string | null
  readonly access_key_id: string | null
  readonly resources: string
  readonly digest: Uint8Array
  readonly mac: Uint8Array
  readonly body: string
}

/** How the trail's tables look to Kysely. Lanes, checkpoints and the key belong to no account: both are empty. */
export interface TrailTables {
  readonly trail_events: EventRow
  readonly trail_terms: Place & {
    readonly attribute: string
    readonly value: string
    readonly bucket: number
    readonly lane: number
  }
  readonly trail_lanes: Place & {
    readonly lane: number
    readonly key_generation: number
    readonly server_id: string | null
  }
  readonly trail_checkpoints: Place & { readonly sequence: number; readonly checkpoint: string }
  readonly trail_keys: Place & { readonly public_key: string; readonly sealed_private_key: Uint8Array }
}

/** In the order of {@link valuesOf}. */
export const EVENT_COLUMNS = `account, region, position, at, event_id, source, name, read_only, user_name,
  access_key_id, resources, digest, mac, body`

/**
 * Position = lane * 2^33 + number. Both engines and JavaScript hold it exactly up to 2^53, which leaves room for
 * a million lanes of eight thousand million events each.
 */
export const LANE_SPAN = 2 ** 33
export const MAX_POSITION = Number.MAX_SAFE_INTEGER

export function positionOf(lane: number, number: number): number {
  return lane * LANE_SPAN + number
}

export function placeOf(position: number): Pick<TrailStamp, 'lane' | 'number'> {
  const lane = Math.floor(position / LANE_SPAN)
  return { lane, number: position - lane * LANE_SPAN }
}

export function columnsOf(entry: TrailEntry): TrailColumns {
  const { account, region, eventId, at, source, name, readOnly, userName, accessKeyId, resources, body } =
    entry
  return {
    account,
    region,
    eventId,
    at: at.getTime(),
    source,
    name,
    readOnly: readOnly ? 1 : 0,
    userName: userName ?? null,
    accessKeyId: accessKeyId ?? null,
    resources: JSON.stringify(resources),
    body,
  }
}

export function valuesOf(columns: TrailColumns, stamp: TrailStamp): readonly SqlValue[] {
  return [
    columns.account,
    columns.region,
    positionOf(stamp.lane, stamp.number),
    columns.at,
    columns.eventId,
    columns.source,
    columns.name,
    columns.readOnly,
    columns.userName,
    columns.accessKeyId,
    columns.resources,
    stamp.digest,
    stamp.mac,
    columns.body,
  ]
}

export function rowOf(row: EventRow): TrailRow {
  return {
    ...placeOf(row.position),
    account: row.account,
    region: row.region,
    eventId: row.event_id,
    at: row.at,
    source: row.source,
    name: row.name,
    readOnly: row.read_only,
    userName: row.user_name,
    accessKeyId: row.access_key_id,
    resources: row.resources,
    body: row.body,
    digest: row.digest,
    mac: row.mac,
  }
}

export function entryOf(columns: TrailColumns): TrailEntry {
  const { account, region, eventId, at, source, name, readOnly, userName, accessKeyId, resources, body } =
    columns
  return {
    account,
    region,
    eventId,
    at: new Date(at),
    source,
    name,
    readOnly: readOnly === 1,
    ...(userName === null ? {} : { userName }),
    ...(accessKeyId === null ? {} : { accessKeyId }),
    resources: resourcesIn(resources),
    body,
  }
}

export function resourcesIn(stored: string): TrailEntry['resources'] {
  return JSON.parse(stored) as TrailEntry['resources']
}

/** Just before `row`, when going back in time. */
export function cursorAt({ at, position }: Pick<EventRow, 'at' | 'position'>): TrailCursor {
  return { at, position }
}
