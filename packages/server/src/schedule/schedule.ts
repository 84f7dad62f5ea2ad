import { type CronSchedule, nextCron, parseCron } from './cron.ts'

/** When something happens again and again, in UTC. */
export type Schedule = RateSchedule | CronSchedule

export interface RateSchedule {
  readonly kind: 'rate'
  readonly value: number
  readonly unit: RateUnit
}

type RateUnit = 'minute' | 'hour' | 'day'

const UNIT_MS: Readonly<Record<RateUnit, number>> = { minute: 60_000, hour: 3_600_000, day: 86_400_000 }

/** Three hundred years in minutes: a longer rate never comes round. */
const MAX_RATE_MS = 300 * 366 * UNIT_MS.day

/**
 * Reads `rate(5 minutes)` or `cron(0 12 * * ? *)` as EventBridge does: the unit is singular for one and plural for
 * more. Nothing for what is neither.
 *
 * @see https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-scheduled-rule-pattern.html
 */
export function parseSchedule(expression: string): Schedule | undefined {
  const cron = cronFields(expression)
  if (cron !== undefined) return parseCron(cron)
  const rate = parseRate(expression)
  return rate && rate.isPlural === rate.value > 1 ? rateSchedule(rate) : undefined
}

/** What stands in `cron(…)`. */
export function cronFields(expression: string): string | undefined {
  return /^cron\((.*)\)$/.exec(expression)?.[1]
}

interface Rate extends Omit<RateSchedule, 'kind'> {
  readonly isPlural: boolean
}

/** Reads `rate(…)` whichever number its unit has. */
export function parseRate(expression: string): Rate | undefined {
  const [, digits, unit, plural] = /^rate\(([1-9][0-9]{0,8}) (minute|hour|day)(s?)\)$/.exec(expression) ?? []
  if (digits === undefined || !isUnit(unit)) return undefined
  const value = Number(digits)
  return value * UNIT_MS[unit] <= MAX_RATE_MS ? { value, unit, isPlural: plural === 's' } : undefined
}

function rateSchedule({ value, unit }: Rate): RateSchedule {
  return { kind: 'rate', value, unit }
}

function isUnit(text: string | undefined): text is RateUnit {
  return text !== undefined && Object.hasOwn(UNIT_MS, text)
}

/** How long it is from one occurrence of a rate to the next. */
function rateMs({ value, unit }: RateSchedule): number {
  return value * UNIT_MS[unit]
}

/**
 * The first occurrence strictly after `after`; nothing where there is none any more. A rate counts from `anchor`,
 * which is not an occurrence itself; cron expressions need none.
 */
export function nextOccurrence(schedule: Schedule, after: Date, anchor: Date): Date | undefined {
  if (schedule.kind === 'cron') return nextCron(schedule, after)
  const every = rateMs(schedule)
  const passed = Math.floor((after.getTime() - anchor.getTime()) / every)
  return new Date(anchor.getTime() + (Math.max(passed, 0) + 1) * every)
}
