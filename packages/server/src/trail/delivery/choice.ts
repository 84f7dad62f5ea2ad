import type { DeliveryTrail, Pause, TrailSettings } from '../../store/deliveries.ts'
import type { TrailRow } from '../../store/trail.ts'

/** Where IAM's events are, and STS's of its global endpoint. */
const GLOBAL_REGION = 'us-east-1'
const GLOBAL_SOURCES: ReadonlySet<string> = new Set(['iam.amazonaws.com', 'sts.amazonaws.com'])

/** What may differ between two looks at the same trail. */
export interface Choosing extends Pick<DeliveryTrail, 'account' | 'region'> {
  readonly settings: TrailSettings
  readonly pauses: readonly Pause[]
  /** Milliseconds since 1970; later events are not the trail's. */
  readonly until?: number | undefined
}

/** Whether an event goes into a trail's files. */
export function belongsTo(trail: Choosing, row: TrailRow): boolean {
  const { account, region, settings, pauses, until } = trail
  if (row.account !== account) return false
  if (!settings.isMultiRegion && row.region !== region) return false
  if (!settings.includesGlobal && row.region === GLOBAL_REGION && GLOBAL_SOURCES.has(row.source)) return false
  if (until !== undefined && row.at > until) return false
  if (pauses.some((pause) => isWithin(pause, row))) return false
  return settings.choices.some(
    ({ readWrite, excludedSources }) =>
      !excludedSources.includes(row.source) &&
      (readWrite === 'All' || (readWrite === 'ReadOnly') === (row.readOnly === 1)),
  )
}

function isWithin({ after, ends }: Pause, { at, lane, number }: TrailRow): boolean {
  return at > after && number <= (ends[lane] ?? 0)
}
