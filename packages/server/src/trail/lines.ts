import type { TrailReader, TrailRow } from '../store/trail.ts'
import { parseCheckpoint } from './checkpoint.ts'
import { parseStart } from './start.ts'

/** What a trail consists of, in the order in which it was sealed. A verifier needs nothing else. */
export type TrailLine =
  /** The first line: the key that the trail says its checkpoints are signed with, PEM. */
  | { readonly kind: 'trail'; readonly publicKey: string }
  /**
   * Of a trail that was pruned, the second line: as start.ts writes it, and the checkpoint that it names. That one
   * is told here and not again.
   */
  | { readonly kind: 'start'; readonly text: string; readonly checkpoint: string }
  | { readonly kind: 'lane'; readonly lane: number; readonly keyGeneration: number }
  | { readonly kind: 'event'; readonly event: TrailRow }
  /** `text` as checkpoint.ts writes it. Seals the events since the checkpoint before. */
  | { readonly kind: 'checkpoint'; readonly sequence: number; readonly text: string }
  /** The last line, so that a file whose end is lost does not look whole. */
  | { readonly kind: 'end'; readonly events: number; readonly checkpoints: number }
  /** A line that is none of these, by its number in the file. */
  | { readonly kind: 'unreadable'; readonly line: number }

const EVENTS_AT_ONCE = 500
const CHECKPOINTS_AT_ONCE = 500

/**
 * The whole trail of a store: for each checkpoint its events and then itself, at last the events that are not
 * sealed yet. Everything the tables hold is told, whatever somebody may have done to them.
 *
 * @param trail Reads from one snapshot, or from a store that nobody writes.
 */
export async function* trailLines(trail: TrailReader): AsyncGenerator<TrailLine> {
  const key = await trail.key()
  if (key) yield { kind: 'trail', publicKey: key.publicKey }
  const start = await startOf(trail)
  if (start) yield { kind: 'start', text: start.text, checkpoint: start.checkpoint?.text ?? '' }
  for await (const { lane, keyGeneration } of lanesOf(trail)) yield { kind: 'lane', lane, keyGeneration }

  /** The first number of each lane that has not been told yet. Number 0 is told too: there should be none. */
  const untold = new Map<number, number>()
  let events = 0
  let checkpoints = 0
  for await (const { sequence, text } of checkpointsOf(trail)) {
    if (sequence === start?.checkpoint?.sequence) continue
    for (const { lane, number } of parseCheckpoint(text)?.lanes ?? []) {
      for await (const page of eventsOf(trail, lane, untold.get(lane) ?? 0, number)) {
        events += page.length
        for (const event of page) yield { kind: 'event', event }
      }
      untold.set(lane, Math.max(number + 1, untold.get(lane) ?? 0))
    }
    checkpoints += 1
    yield { kind: 'checkpoint', sequence, text }
  }
  for (let lane = await trail.nextLane(); lane !== undefined; lane = await trail.nextLane(lane)) {
    for await (const page of eventsOf(trail, lane, untold.get(lane) ?? 0)) {
      events += page.length
      for (const event of page) yield { kind: 'event', event }
    }
  }
  yield { kind: 'end', events, checkpoints }
}

async function startOf(trail: TrailReader) {
  const text = await trail.start()
  if (text === undefined) return undefined
  const named = parseStart(text)?.sequence
  const [checkpoint] = named === undefined ? [] : await trail.checkpoints(named - 1, 1)
  return { text, checkpoint: checkpoint?.sequence === named ? checkpoint : undefined }
}

async function* lanesOf(trail: TrailReader) {
  let page = await trail.lanes()
  for (let last = page.at(-1); last; last = page.at(-1)) {
    yield* page
    page = await trail.lanes(last.lane)
  }
}

async function* checkpointsOf(trail: TrailReader) {
  let after = Number.MIN_SAFE_INTEGER
  for (;;) {
    const page = await trail.checkpoints(after, CHECKPOINTS_AT_ONCE)
    yield* page
    const last = page.at(-1)
    if (!last) return
    after = last.sequence
  }
}

/** Page by page: an event that passes through one more generator costs a microsecond more. */
async function* eventsOf(trail: TrailReader, lane: number, from: number, upTo?: number) {
  let next = from
  for (;;) {
    const page = await trail.events(lane, { from: next, upTo, limit: EVENTS_AT_ONCE })
    yield page
    const last = page.at(-1)
    if (!last) return
    next = last.number + 1
  }
}
