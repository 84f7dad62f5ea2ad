import type { Keyring } from '../keyring/keyring.ts'
import type { Readers } from '../store/store.ts'
import type { LaneEnd, TrailReader, TrailTerm, TrailWriter } from '../store/trail.ts'
import { type Checkpoint, checkpointText, parseCheckpoint } from './checkpoint.ts'
import { isDone } from './delivery/position.ts'
import type { TrailLine } from './lines.ts'
import { ExportFolder, linesIn, type Old, type OldPart, PART_END } from './prune-export.ts'
import type { PruneStore } from './prune-store.ts'
import type { SigningKey } from './signing-key.ts'
import { parseStart, signStart, startText } from './start.ts'
import { describeFinding } from './verdict.ts'
import { verifyTrail } from './verify.ts'

/**
 * A lane remembers which search terms it has stored lately; terms of a second that it may still write in must stay.
 * No call takes so long.
 */
const YOUNGEST_MS = 60 * 60 * 1000

const EVENTS_AT_ONCE = 2000
const CHECKPOINTS_AT_ONCE = 1000
const TERMS_AT_ONCE = 2000
const TERMS_SEEN_AT_ONCE = 500

/** Nothing was removed, or nothing more. The message says why; show it without a stack. */
export class PruneRefused extends Error {
  override readonly name = 'PruneRefused'
}

export interface PruneDoors {
  readonly store: Omit<PruneStore, keyof AsyncDisposable>
  readonly keyring: Keyring
  readonly key: SigningKey
  /** Where the exports go. */
  readonly folder: string
  readonly now: Date
  /** Removed in one transaction, whole checkpoints aside. The default takes some ten milliseconds. */
  readonly eventsAtOnce?: number
}

export interface Pruned {
  /** How many events were removed. */
  readonly events: number
  /** The exports that hold them. */
  readonly files: readonly string[]
  /** The checkpoint that the trail starts with now; absent where it was never pruned. */
  readonly start?: number
  readonly heldBack?: OldPart['heldBack']
  readonly undelivered?: OldPart['undelivered']
}

/**
 * Exports what is older than `before`, reads the export back and verifies it, and only then removes it. What is
 * removed is decided by the export, never by the clock. Killed at any point, the next run goes on.
 *
 * @throws PruneRefused when the trail does not verify, or is not the one that the folder holds; StoreUnavailable
 */
export async function prune(doors: PruneDoors, before: Date): Promise<Pruned> {
  demandOld(before, doors.now)
  const { trail } = doors.store.read
  const old = await oldIn(doors.store.read, before)
  const folder = new ExportFolder(doors.folder)
  const files: string[] = []
  let events = 0
  for (;;) {
    const { sequence: after } = await startOf(trail)
    // One that was exported and not removed: the run before was killed.
    let file = await folder.holding(after)
    let steps: readonly Step[]
    if (file) steps = await stepsIn(file, after, doors)
    else {
      const added = await folder.add({ trail, after, old }, (part) => stepsIn(part, after, doors))
      if (!added.exported) {
        await tidy(doors.store, before)
        const { heldBack, undelivered } = added
        return {
          ...{ events, files },
          ...(after > 0 && { start: after }),
          ...(heldBack && { heldBack }),
          ...(undelivered && { undelivered }),
        }
      }
      file = added.exported.file
      steps = added.exported.verified
    }
    files.push(file)
    for (const step of steps) {
      await remove(doors, step)
      events += step.count
    }
  }
}

/**
 * What may go: older than `before`, and delivered by every trail that has still something to deliver. A trail that is
 * started from now on begins with what is recorded then, so whatever may go now may go later.
 */
export async function oldIn(read: Pick<Readers, 'deliveries'>, before: Date): Promise<Old> {
  const unfinished = await read.deliveries.unfinished()
  return {
    before,
    undelivered: ({ lane, number }) =>
      unfinished.find(({ state }) => !isDone(state.position, lane, number))?.trail,
  }
}

/** @throws PruneRefused where `before` is so young that servers may still be writing what they believe is there. */
export function demandOld(before: Date, now: Date): void {
  if (now.getTime() - before.getTime() >= YOUNGEST_MS) return
  throw new PruneRefused('Only what is more than an hour old can be pruned.')
}

/** The sequence of the checkpoint that the trail starts with, 0 where it was never pruned, and the text that says so. */
async function startOf(trail: TrailReader): Promise<{ readonly sequence: number; readonly text?: string }> {
  const text = await trail.start()
  if (text === undefined) return { sequence: 0 }
  const start = parseStart(text)
  if (!start)
    throw new PruneRefused('The start of the trail is not one that pruning writes: verify the trail.')
  return { sequence: start.sequence, text }
}

/** What one transaction removes: everything between two checkpoints. */
interface Step {
  /** The trail starts here before and afterwards. */
  readonly from: number
  readonly checkpoint: Checkpoint
  readonly ends: readonly LaneEnd[]
  readonly count: number
}

/**
 * Verifies an export as a reader would, MACs included, and answers the steps that remove what it holds beyond
 * checkpoint `after`.
 */
async function stepsIn(
  file: string,
  after: number,
  { keyring, key, eventsAtOnce = EVENTS_AT_ONCE }: PruneDoors,
): Promise<readonly Step[]> {
  const steps: Step[] = []
  let ends = new Map<number, number>()
  let count = 0
  let checkpoints = 0
  let from = after
  const close = (checkpoint: Checkpoint) => {
    const reached = [...ends].map(([lane, number]) => ({ lane, number }))
    steps.push({ from, checkpoint, ends: reached, count })
    from = checkpoint.sequence
    ends = new Map()
    count = 0
    checkpoints = 0
  }
  let last: Checkpoint | undefined
  async function* watched(): AsyncGenerator<TrailLine> {
    for await (const line of linesIn(file)) {
      yield line
      const checkpoint = line.kind === 'checkpoint' ? parseCheckpoint(line.text) : undefined
      if (!checkpoint || checkpoint.sequence <= after) continue
      for (const { lane, number } of checkpoint.lanes) ends.set(lane, number)
      count += checkpoint.count
      checkpoints += 1
      last = checkpoint
      if (count >= eventsAtOnce || checkpoints >= CHECKPOINTS_AT_ONCE) close(checkpoint)
    }
  }
  const verdict = await verifyTrail(watched(), {
    publicKey: key.publicKey,
    laneKey: (generation) => keyring.macKey('trail-lane', generation),
  })
  if (verdict.kind === 'broken') {
    const what = file.endsWith(PART_END) ? 'the trail' : file
    throw new PruneRefused(
      `Nothing was removed: ${what} does not verify. ${describeFinding(verdict.finding)}`,
    )
  }
  if (last && checkpoints > 0) close(last)
  if ((verdict.start?.sequence ?? 0) > after || steps.length === 0 || verdict.unsealed > 0)
    throw new PruneRefused(`Nothing was removed: ${file} does not hold what follows checkpoint ${after}.`)
  return steps
}

/** One transaction. The trail starts at one checkpoint before it and at a later one after it, and never in between. */
async function remove(
  { store, key, now }: PruneDoors,
  { from, checkpoint, ends, count }: Step,
): Promise<void> {
  const start = startText(signStart(checkpoint, now, key.privateKey))
  await store.write(async ({ trail }) => {
    // First of all: another who prunes waits here until this step is over, and then has the wrong start.
    const present = await startOf(trail)
    if (present.sequence !== from || !(await trail.moveStart(present.text, start)))
      throw new PruneRefused('Another is pruning the trail at this moment.')
    const [stored] = await trail.checkpoints(checkpoint.sequence - 1, 1)
    if (stored?.text !== checkpointText(checkpoint))
      throw new PruneRefused('The export is of another past than the database: give a folder of its own.')
    let removed = 0
    for (const end of ends) removed += await trail.removeEvents(end)
    if (removed !== count)
      throw new PruneRefused('The database has changed since it was exported: verify the trail.')
    await trail.removeCheckpoints(checkpoint.sequence)
  })
}

/** Removes what no event of the trail needs any more. Idle rows otherwise: harmless where it is not finished. */
async function tidy(store: PruneDoors['store'], before: Date): Promise<void> {
  const { trail } = store.read
  const { sequence } = await startOf(trail)
  const [stored] = sequence === 0 ? [] : await trail.checkpoints(sequence - 1, 1)
  const start = stored && parseCheckpoint(stored.text)
  if (!start) return
  await tidyLanes(store, start)
  await tidyTerms(store, before)
}

/** A lane that the checkpoint does not name, below its highest, has ended: all that it ever held was pruned. */
async function tidyLanes(store: PruneDoors['store'], { lanes }: Checkpoint): Promise<void> {
  const kept = new Set(lanes.map(({ lane }) => lane))
  const highest = Math.max(0, ...kept)
  const { trail } = store.read
  let page = await trail.lanes()
  for (let last = page.at(-1); last; last = page.at(-1)) {
    const ended = page.filter(({ lane }) => lane < highest && !kept.has(lane))
    if (ended.length > 0) {
      await store.write(async (tx) => {
        for (const { lane } of ended) await tx.trail.removeLane(lane)
      })
    }
    if (last.lane >= highest) return
    page = await trail.lanes(last.lane)
  }
}

/** A second whose terms go is older than every event that is left of its account and region. */
async function tidyTerms(store: PruneDoors['store'], before: Date): Promise<void> {
  let term = await store.read.trail.nextTerm()
  while (term) {
    const first: TrailTerm = term
    const oldest = (await store.read.trail.earliest(first)) ?? Number.POSITIVE_INFINITY
    term = await store.write((tx) => removeTerms(tx.trail, first, Math.min(before.getTime(), oldest)))
  }
}

/** Goes through the terms of one account and region, as many as one transaction may take; answers where to go on. */
async function removeTerms(
  trail: TrailWriter,
  first: TrailTerm,
  before: number,
): Promise<TrailTerm | undefined> {
  let term: TrailTerm | undefined = first
  let removed = 0
  for (let seen = 0; seen < TERMS_SEEN_AT_ONCE; seen++) {
    removed += await trail.removeTerm(term, before, TERMS_AT_ONCE - removed)
    if (removed >= TERMS_AT_ONCE) return term
    term = await trail.nextTerm(term)
    if (term?.account !== first.account || term.region !== first.region) return term
  }
  return term
}
