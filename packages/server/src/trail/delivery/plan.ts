import type { Random } from '../../platform/random.ts'
import type { DeliveryState, DeliveryTrail, Plan } from '../../store/deliveries.ts'
import type { TrailRow } from '../../store/trail.ts'
import { belongsTo, type Choosing } from './choice.ts'
import type { DeliveryRooms } from './deliver.ts'
import { type Budget, gather, isSame, reread } from './position.ts'

/** What one run takes on, so that it ends well within a job's lease. */
const RUN_BUDGET: Budget = { rows: 10_000, characters: 16 * 1024 * 1024 }

/** A call that was received before its trail was stopped has its event by then. */
const STRAGGLER_MS = 10_000
/** Digests are named by their second. */
const SECOND_MS = 1000
const NONCE_BYTES = 16

/** What a run is to do. */
export type Work =
  | { readonly kind: 'write'; readonly plan: Plan; readonly rows: readonly TrailRow[] }
  /** There is nothing to do until the next time. */
  | { readonly kind: 'wait' }
  /** The trail was stopped, and all that it had to deliver is delivered. */
  | { readonly kind: 'finished' }

export interface Planning extends Pick<DeliveryRooms, 'store' | 'timer'> {
  readonly now: Date
  readonly random: Random
  /** Every region that the server answers for. */
  readonly regions: readonly string[]
  readonly digestEveryMs: number
  readonly budget?: Budget
}

/** What comes next for a trail. A plan that was begun is ended first, whatever the trail's settings are now. */
export async function nextWork(
  trail: DeliveryTrail,
  state: DeliveryState,
  planning: Planning,
): Promise<Work> {
  const { plan } = state
  if (plan) return { kind: 'write', plan, rows: await rowsOf(trail, state, planning) }
  const { settings, stoppedAt } = trail
  const now = planning.now.getTime()
  const digests = digestsPlan(trail, state, planning)
  if (digests && now - digests.startAt >= planning.digestEveryMs) return written(digests)

  const until = stoppedAt?.getTime()
  const wanted = choosing(trail, state, { settings, until })
  const { budget = RUN_BUDGET } = planning
  const { rows, upTo, more } = await gather(planning, state.position, budget, wanted)
  const nonce = Buffer.from(planning.random.bytes(NONCE_BYTES)).toString('hex')
  const files: Plan = {
    ...{ kind: 'files', nonce, at: now, settings, upTo, more },
    ...(until !== undefined && { until }),
  }
  const isChanged = settings.validation !== (state.digestsFrom !== undefined)
  if (rows.length > 0 || more || !isSame(state.position, upTo) || (isChanged && !stoppedAt))
    return { kind: 'write', plan: files, rows }
  if (!stoppedAt || now - stoppedAt.getTime() < STRAGGLER_MS) return { kind: 'wait' }
  if (digests)
    return digests.endAt > digests.startAt ? written({ ...digests, isLast: true }) : { kind: 'wait' }
  return { kind: 'finished' }
}

function written(plan: Plan): Work {
  return { kind: 'write', plan, rows: [] }
}

type DigestsPlan = Extract<Plan, { kind: 'digests' }>

function digestsPlan(
  { region, settings }: DeliveryTrail,
  { digestsFrom: startAt }: DeliveryState,
  { now, regions }: Planning,
): DigestsPlan | undefined {
  if (startAt === undefined || !settings.validation) return undefined
  return {
    kind: 'digests',
    startAt,
    endAt: now.getTime() - (now.getTime() % SECOND_MS),
    settings,
    regions: settings.isMultiRegion ? regions : [region],
    isLast: false,
  }
}

function choosing(
  { account, region }: DeliveryTrail,
  { pauses }: DeliveryState,
  { settings, until }: Pick<Choosing, 'settings' | 'until'>,
): (row: TrailRow) => boolean {
  return (row) => belongsTo({ account, region, settings, pauses, until }, row)
}

async function rowsOf(
  trail: DeliveryTrail,
  state: DeliveryState,
  { store }: Planning,
): Promise<readonly TrailRow[]> {
  const { plan, position } = state
  if (plan?.kind !== 'files') return []
  return reread(store.read.trail, { from: position, upTo: plan.upTo }, choosing(trail, state, plan))
}
