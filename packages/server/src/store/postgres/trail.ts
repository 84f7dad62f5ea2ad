import type { TrailLane } from '../../trail/lane.ts'
import { bucketOf } from '../../trail/terms.ts'
import type { Sql } from '../sql/sql.ts'
import { SqlTrail } from '../sql/trail.ts'
import { columnsOf, EVENT_COLUMNS, valuesOf } from '../sql/trail-rows.ts'
import type { TrailEntry } from '../trail.ts'
import { StoreUnavailable } from '../unavailable.ts'
import type { Ask, Connection } from './connection.ts'
import { LIVING } from './servers.ts'

/** Of {@link EVENT_COLUMNS}, in their order. */
const EVENT_TYPES = [
  ...['text', 'text', 'bigint', 'bigint', 'text', 'text', 'text', 'bigint', 'text', 'text', 'text'],
  ...['bytea', 'bytea', 'text'],
]
/** Account, region, attribute, value, bucket. */
const TERM_TYPES = ['text', 'text', 'text', 'text', 'bigint']

/**
 * Events and their search terms in one statement, as many as there are: one round trip, and outside a transaction
 * one commit. It writes nothing where this server was taken for gone, so that no lane grows after it was closed.
 */
const APPEND = `with living as (${LIVING}),
  events as (
    insert into trail_events (${EVENT_COLUMNS})
    select event.* from unnest(${arrays(EVENT_TYPES)}) as event (${EVENT_COLUMNS}), living
    returning 1),
  terms as (
    insert into trail_terms (account, region, attribute, value, bucket, lane)
    select term.*, ? from unnest(${arrays(TERM_TYPES)}) as term (account, region, attribute, value, bucket), living
    on conflict (account, region, attribute, value, bucket, lane) do nothing)
  select count(*) as written from events`

function arrays(types: readonly string[]): string {
  return types.map((type) => `?::${type}[]`).join(', ')
}

/** What one connection that writes has of its own. */
export interface LaneHolder {
  /** In turn with everything that is asked through `connection`: for what begins and ends a transaction. */
  readonly ask: Ask
  readonly connection: Connection
  readonly lane: TrailLane
  /** The server that the lane belongs to. */
  readonly serverId: string
}

/** The trail over one connection that writes, in the lane that is its own. */
export class PostgresTrail extends SqlTrail {
  readonly #holder: LaneHolder
  readonly #session: Sql

  constructor(session: Sql, holder: LaneHolder) {
    super(session, holder.lane)
    this.#holder = holder
    this.#session = session
  }

  override append(entry: TrailEntry): Promise<void> {
    return this.appendAll([entry])
  }

  /** Gives each event its place, in this order. @throws StoreUnavailable where this server was taken for gone. */
  async appendAll(entries: readonly TrailEntry[]): Promise<void> {
    // A work that was given up has had its numbers taken back; it may not take another one now.
    this.#session.demandOpen()
    const { connection, lane, serverId } = this.#holder
    const events: (readonly unknown[])[] = []
    const terms: (readonly unknown[])[] = []
    for (const entry of entries) {
      const columns = columnsOf(entry)
      events.push(valuesOf(columns, lane.stamp(columns)))
      const bucket = bucketOf(columns.at)
      for (const { attribute, value } of lane.terms.unwritten(entry)) {
        terms.push([entry.account, entry.region, attribute, value, bucket])
      }
    }
    const [row] = await connection.send<{ written: number }>(APPEND, [
      serverId,
      ...columnsIn(events, EVENT_TYPES.length),
      lane.number,
      ...columnsIn(terms, TERM_TYPES.length),
    ])
    if (row?.written !== entries.length) throw new StoreUnavailable('fenced')
  }
}

function columnsIn(rows: readonly (readonly unknown[])[], count: number): readonly (readonly unknown[])[] {
  return Array.from({ length: count }, (_, column) => rows.map((row) => row[column]))
}
