import type { TrailLane } from '../../trail/lane.ts'
import { bucketOf } from '../../trail/terms.ts'
import type { Fact } from '../installation.ts'
import type { Place } from '../store.ts'
import {
  LANES_AT_ONCE,
  type LaneEnd,
  type NumberRange,
  type StoredCheckpoint,
  type TrailAttribute,
  type TrailEntry,
  type TrailKey,
  type TrailLaneRecord,
  type TrailPage,
  type TrailQuery,
  type TrailRow,
  type TrailStamp,
  type TrailTerm,
  type TrailWriter,
} from '../trail.ts'
import type { Sql } from './sql.ts'
import {
  columnsOf,
  EVENT_COLUMNS,
  type EventRow,
  LANE_SPAN,
  MAX_POSITION,
  placeOf,
  positionOf,
  rowOf,
  valuesOf,
} from './trail-rows.ts'
import { search } from './trail-search.ts'
import { TermCheck } from './trail-term-check.ts'

const INSERT_EVENT = `insert into trail_events (${EVENT_COLUMNS}) values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`
const INSERT_TERM = `insert into trail_terms (account, region, attribute, value, bucket, lane)
  values (?, ?, ?, ?, ?, ?)
  on conflict (account, region, attribute, value, bucket, lane) do nothing`

/** Lanes are few, and yet a database that grew old has many. */
const LANES_IN_A_PAGE = 1000

const STAMPS = `select position, digest, mac from trail_events where position > ? and position < ?
  order by position limit ?`
/** One branch for each lane, so that each stops at its own limit; a branch without a lane has an empty range. */
const STAMPS_OF_LANES = Array.from(
  { length: LANES_AT_ONCE },
  (_, index) => `select * from (${STAMPS}) as lane_${index}`,
).join(' union all ')

type StampRow = Pick<EventRow, 'position' | 'digest' | 'mac'>

/** The fact's name in {@link Fact}. */
const START = 'trail-start' satisfies Fact
/** Before every term. */
const FIRST_TERM: TrailTerm = { account: '', region: '', attribute: '', value: '' }

export class SqlTrail implements TrailWriter {
  readonly #sql: Sql
  readonly #lane: TrailLane
  #termCheck: TermCheck | undefined

  /** @param lane This server's; only {@link append} uses it. */
  constructor(sql: Sql, lane: TrailLane) {
    this.#sql = sql
    this.#lane = lane
  }

  async append(entry: TrailEntry): Promise<void> {
    const columns = columnsOf(entry)
    // A work that was given up has had its numbers taken back; it may not take another one now.
    this.#sql.demandOpen()
    const stamp = this.#lane.stamp(columns)
    await this.#sql.run(INSERT_EVENT, ...valuesOf(columns, stamp))
    for (const { attribute, value } of this.#lane.terms.unwritten(entry)) {
      const { account, region } = entry
      const bucket = bucketOf(columns.at)
      await this.#sql.run(INSERT_TERM, account, region, attribute, value, bucket, stamp.lane)
    }
  }

  search(query: TrailQuery): Promise<TrailPage> {
    return search(this.#sql, query)
  }

  async stamps(lane: number, after: number, limit: number): Promise<readonly TrailStamp[]> {
    const range = [positionOf(lane, after), positionOf(lane + 1, 0), limit]
    return (await this.#sql.rows<StampRow>(STAMPS, ...range)).map(stampOf)
  }

  async stampsOf(ends: readonly LaneEnd[], limit: number): Promise<readonly TrailStamp[]> {
    const ranges = Array.from({ length: LANES_AT_ONCE }, (_, index) => {
      const end = ends[index]
      return end ? [positionOf(end.lane, end.number), positionOf(end.lane + 1, 0), limit] : [0, 0, 0]
    })
    const rows = await this.#sql.rows<StampRow>(STAMPS_OF_LANES, ...ranges.flat())
    // What a union answers has no order of its own.
    return rows.toSorted((a, b) => a.position - b.position).map(stampOf)
  }

  async events(lane: number, { from, upTo, limit }: NumberRange): Promise<readonly TrailRow[]> {
    const rows = await this.#sql.rows<EventRow>(
      `select ${EVENT_COLUMNS} from trail_events where position >= ? and position <= ? order by position limit ?`,
      positionOf(lane, from),
      positionOf(lane, Math.min(upTo ?? LANE_SPAN, LANE_SPAN - 1)),
      limit,
    )
    return rows.map(rowOf)
  }

  async lanes(after = 0): Promise<readonly TrailLaneRecord[]> {
    const rows = await this.#sql.rows<{ lane: number; key_generation: number }>(
      `select lane, key_generation from trail_lanes where account = '' and region = '' and lane > ?
       order by lane limit ${LANES_IN_A_PAGE}`,
      after,
    )
    return rows.map(({ lane, key_generation }) => ({ lane, keyGeneration: key_generation }))
  }

  async nextLane(after?: number): Promise<number | undefined> {
    const row = await this.#sql.row<{ position: number }>(
      'select position from trail_events where position >= ? order by position limit 1',
      after === undefined ? -MAX_POSITION : positionOf(after + 1, 0),
    )
    return row && placeOf(row.position).lane
  }

  async lastCheckpoint(): Promise<StoredCheckpoint | undefined> {
    return this.#sql.row<StoredCheckpoint>(
      `select sequence, checkpoint as text from trail_checkpoints where account = '' and region = ''
       order by sequence desc limit 1`,
    )
  }

  async checkpoints(after: number, limit: number): Promise<readonly StoredCheckpoint[]> {
    return this.#sql.rows<StoredCheckpoint>(
      `select sequence, checkpoint as text from trail_checkpoints
       where account = '' and region = '' and sequence > ? order by sequence limit ?`,
      after,
      limit,
    )
  }

  async key(): Promise<TrailKey | undefined> {
    const row = await this.#sql.row<{ public_key: string; sealed_private_key: Uint8Array }>(
      `select public_key, sealed_private_key from trail_keys where account = '' and region = ''`,
    )
    return row && { publicKey: row.public_key, sealedPrivateKey: row.sealed_private_key }
  }

  async start(): Promise<string | undefined> {
    const row = await this.#sql.row<{ value: string }>(
      `select value from installation_facts where account = '' and region = '' and name = '${START}'`,
    )
    return row?.value
  }

  expectTerms(rows: readonly TrailRow[]): Promise<void> {
    this.#termCheck ??= new TermCheck(this.#sql)
    return this.#termCheck.expect(rows)
  }

  missingTerms(row: TrailRow): Promise<readonly TrailAttribute[]> {
    this.#termCheck ??= new TermCheck(this.#sql)
    return this.#termCheck.missing(row)
  }

  async nextTerm(last?: TrailTerm): Promise<TrailTerm | undefined> {
    const { account, region, attribute, value } = last ?? FIRST_TERM
    return this.#sql.row<TrailTerm>(
      `select account, region, attribute, value from trail_terms
       where (account, region, attribute, value) > (?, ?, ?, ?)
       order by account, region, attribute, value limit 1`,
      ...[account, region, attribute, value],
    )
  }

  async earliest({ account, region }: Place): Promise<number | undefined> {
    const row = await this.#sql.row<{ at: number }>(
      'select at from trail_events where account = ? and region = ? order by at, position limit 1',
      account,
      region,
    )
    return row?.at
  }

  async lastNumber(lane: number): Promise<number> {
    const row = await this.#sql.row<{ position: number }>(
      `select position from trail_events where position >= ? and position < ?
       order by position desc limit 1`,
      positionOf(lane, 0),
      positionOf(lane + 1, 0),
    )
    return row ? placeOf(row.position).number : 0
  }

  async openLane(keyGeneration: number, serverId: string | null = null): Promise<number> {
    const row = await this.#sql.row<{ lane: number }>(
      `insert into trail_lanes (account, region, lane, key_generation, server_id)
       select '', '', coalesce(max(lane), 0) + 1, ?, ? from trail_lanes returning lane`,
      keyGeneration,
      serverId,
    )
    if (!row) throw new Error('A lane was opened without a number')
    return row.lane
  }

  async addCheckpoint({ sequence, text }: StoredCheckpoint): Promise<boolean> {
    const added = await this.#sql.run(
      `insert into trail_checkpoints (account, region, sequence, checkpoint)
       select '', '', ?, ? where not exists (
         select 1 from trail_checkpoints where account = '' and region = '' and sequence >= ?)`,
      sequence,
      text,
      sequence,
    )
    return added === 1
  }

  async addKey({ publicKey, sealedPrivateKey }: TrailKey): Promise<void> {
    await this.#sql.run(
      `insert into trail_keys (account, region, public_key, sealed_private_key) values ('', '', ?, ?)
       on conflict (account, region) do nothing`,
      publicKey,
      sealedPrivateKey,
    )
  }

  async moveStart(from: string | undefined, to: string): Promise<boolean> {
    const moved =
      from === undefined
        ? await this.#sql.run(
            `insert into installation_facts (account, region, name, value) values ('', '', '${START}', ?)
             on conflict (account, region, name) do nothing`,
            to,
          )
        : await this.#sql.run(
            `update installation_facts set value = ?
             where account = '' and region = '' and name = '${START}' and value = ?`,
            to,
            from,
          )
    return moved === 1
  }

  removeEvents({ lane, number }: LaneEnd): Promise<number> {
    return this.#sql.run(
      'delete from trail_events where position >= ? and position <= ?',
      positionOf(lane, 0),
      positionOf(lane, number),
    )
  }

  async removeCheckpoints(below: number): Promise<void> {
    await this.#sql.run(
      `delete from trail_checkpoints where account = '' and region = '' and sequence < ?`,
      below,
    )
  }

  async removeLane(lane: number): Promise<void> {
    await this.#sql.run(`delete from trail_lanes where account = '' and region = '' and lane = ?`, lane)
  }

  async removeTerm(
    { account, region, attribute, value }: TrailTerm,
    before: number,
    limit: number,
  ): Promise<number> {
    const term = `account = ? and region = ? and attribute = ? and value = ?`
    const at = [account, region, attribute, value]
    const last = await this.#sql.row<{ bucket: number }>(
      `select bucket from (select bucket from trail_terms where ${term} and bucket < ? order by bucket limit ?)
       as oldest order by bucket desc limit 1`,
      ...[...at, bucketOf(before), limit],
    )
    if (!last) return 0
    return this.#sql.run(`delete from trail_terms where ${term} and bucket <= ?`, ...at, last.bucket)
  }
}

function stampOf({ position, digest, mac }: StampRow): TrailStamp {
  return { ...placeOf(position), digest, mac }
}
