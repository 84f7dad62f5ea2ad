import { nextTurn, type Timer } from '../../platform/timer.ts'
import type { DeliveryState, Position } from '../../store/deliveries.ts'
import type { Store } from '../../store/store.ts'
import type { TrailReader, TrailRow } from '../../store/trail.ts'

/** Events that are read from the store at once: a millisecond or two. */
const ROWS_IN_A_PAGE = 200

/** What one look at the record may read. */
export interface Budget {
  readonly rows: number
  /** Of the bodies that are kept, in characters. */
  readonly characters: number
}

/** Events and how far they reach. */
export interface Gathered {
  readonly rows: readonly TrailRow[]
  readonly upTo: Position
  /** There was no room for all. */
  readonly more: boolean
}

/** The end of everything that is recorded now. */
export async function endOfRecord(trail: TrailReader): Promise<Position> {
  const lanes: Record<string, number> = {}
  let highest = 0
  for (let page = await trail.lanes(); page.length > 0; page = await trail.lanes(highest)) {
    for (const { lane } of page) {
      lanes[lane] = await trail.lastNumber(lane)
      highest = lane
    }
  }
  return { highest, lanes }
}

/**
 * Reads on from a position: what is `wanted` of it, by lane and number. Asked in the sealer's order (trail/README.md):
 * new lanes first, then which are open, then events. So a lane that was not open has been read to its end, and is
 * dropped from the position.
 */
export async function gather(
  { store, timer }: { readonly store: Pick<Store, 'read' | 'openLanes'>; readonly timer: Timer },
  from: Position,
  budget: Budget,
  wanted: (row: TrailRow) => boolean,
): Promise<Gathered> {
  const { trail } = store.read
  const { cursors, highest } = await knownLanes(trail, from)
  const open = await store.openLanes()
  const rows: TrailRow[] = []
  let { rows: left, characters } = budget
  let more = false
  for (const [lane, start] of [...cursors].sort(([a], [b]) => a - b)) {
    let last = start
    for (;;) {
      if (left <= 0 || characters <= 0) {
        more = true
        break
      }
      const limit = Math.min(ROWS_IN_A_PAGE, left)
      const page = await trail.events(lane, { from: last + 1, limit })
      for (const row of page) {
        last = row.number
        if (!wanted(row)) continue
        rows.push(row)
        characters -= row.body.length
      }
      left -= page.length
      if (page.length < limit) {
        if (!open.has(lane)) last = Number.POSITIVE_INFINITY
        break
      }
      await nextTurn(timer)
    }
    if (last === Number.POSITIVE_INFINITY) cursors.delete(lane)
    else cursors.set(lane, last)
  }
  return { rows, upTo: { highest, lanes: Object.fromEntries(cursors) }, more }
}

/** The events between two positions, those that {@link gather} found on its way from one to the other. */
export async function reread(
  trail: TrailReader,
  { from, upTo }: { readonly from: Position; readonly upTo: Position },
  wanted: (row: TrailRow) => boolean,
): Promise<readonly TrailRow[]> {
  const { cursors } = await knownLanes(trail, from, upTo.highest)
  const rows: TrailRow[] = []
  for (const [lane, start] of [...cursors].sort(([a], [b]) => a - b)) {
    // A lane that is not named any more had ended: all of it was gathered.
    const end = upTo.lanes[lane] ?? Number.POSITIVE_INFINITY
    for (let last = start; last < end; ) {
      const limit = Math.min(ROWS_IN_A_PAGE, end - last)
      const page = await trail.events(lane, { from: last + 1, limit })
      rows.push(...page.filter(wanted))
      last = page.at(-1)?.number ?? end
      if (page.length < limit) break
    }
  }
  return rows
}

async function knownLanes(trail: TrailReader, from: Position, upTo = Number.POSITIVE_INFINITY) {
  const cursors = new Map(Object.entries(from.lanes).map(([lane, number]) => [Number(lane), number]))
  let { highest } = from
  for (let page = await trail.lanes(highest); page.length > 0; page = await trail.lanes(highest)) {
    for (const { lane } of page) {
      if (lane > upTo) return { cursors, highest }
      cursors.set(lane, 0)
      highest = lane
    }
  }
  return { cursors, highest }
}

/** Whether everything up to and including this event is done. */
export function isDone({ highest, lanes }: Position, lane: number, number: number): boolean {
  return lane <= highest && number <= (lanes[lane] ?? Number.POSITIVE_INFINITY)
}

/** A trail that logs from `end` on; one that had stopped, and has not delivered all that was before, goes on there. */
export function startedAt(
  end: Position,
  before: { readonly state: DeliveryState; readonly stoppedAt: Date } | undefined,
): DeliveryState {
  if (!before) return { position: end, pauses: [] }
  const { state, stoppedAt } = before
  return { ...state, pauses: [...state.pauses, { after: stoppedAt.getTime(), ends: end.lanes }] }
}

/** What is left of `state` when everything up to `position` is done. */
export function advanced(state: DeliveryState, position: Position): DeliveryState {
  const { plan: _, ...rest } = state
  const pauses = state.pauses.filter(({ ends }) =>
    Object.entries(ends).some(([lane, number]) => !isDone(position, Number(lane), number)),
  )
  return { ...rest, position, pauses }
}

export function isSame(a: Position, b: Position): boolean {
  const lanes = Object.entries(a.lanes)
  return (
    a.highest === b.highest &&
    lanes.length === Object.keys(b.lanes).length &&
    lanes.every(([lane, number]) => b.lanes[lane] === number)
  )
}
