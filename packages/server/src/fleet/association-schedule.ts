import { type CronSchedule, nextCron, previousCron } from '../schedule/cron.ts'
import { parseSchedule, rateMs, type Schedule } from '../schedule/schedule.ts'

const MINUTE_MS = 60_000
/** @see https://docs.aws.amazon.com/systems-manager/latest/userguide/reference-cron-and-rate-expressions.html */
const MIN_INTERVAL_MS = 30 * MINUTE_MS
/** A day has no more occurrences than this many half hours. */
const OCCURRENCES_LOOKED_AT = 49

/** Reads an association's schedule; nothing for what is none, or would come round more often than each half hour. */
export function associationSchedule(expression: string, now: Date): Schedule | undefined {
  const schedule = parseSchedule(expression)
  if (!schedule) return undefined
  const isSlow = schedule.kind === 'rate' ? rateMs(schedule) >= MIN_INTERVAL_MS : isSlowCron(schedule, now)
  return isSlow ? schedule : undefined
}

function isSlowCron(schedule: CronSchedule, now: Date): boolean {
  let last = nextCron(schedule, now)
  for (let i = 0; last && i < OCCURRENCES_LOOKED_AT; i++) {
    const next = nextCron(schedule, last)
    if (next && next.getTime() - last.getTime() < MIN_INTERVAL_MS) return false
    last = next
  }
  return true
}

/** How often a node carries out on its own what has a rate. */
export function rateSeconds(schedule: Schedule | undefined): number | undefined {
  return schedule?.kind === 'rate' ? rateMs(schedule) / 1000 : undefined
}

/** The last time since `since` that a cron expression named, `now` included. */
export function lastTick(schedule: Schedule | undefined, since: Date, now: Date): Date | undefined {
  if (schedule?.kind !== 'cron') return undefined
  const last = previousCron(schedule, new Date(now.getTime() + 1000))
  return last && last > since && last <= now ? last : undefined
}
