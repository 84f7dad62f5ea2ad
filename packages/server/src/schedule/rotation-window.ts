import type { CronSchedule } from './cron.ts'
import { parseCron } from './cron.ts'
import { cronFields, nextOccurrence, parseRate, type RateSchedule, type Schedule } from './schedule.ts'

const HOUR_MS = 3_600_000
const HOURS_A_DAY = 24
const DAY_MS = HOURS_A_DAY * HOUR_MS
const MIN_HOURS_BETWEEN = 4
const MAX_RATE_HOURS = 23
const MAX_RATE_DAYS = 999

/** When a secret rotates, as RotateSecret was told: after days since the last rotation, or by a schedule. */
export interface WindowRules {
  readonly automaticallyAfterDays?: number | undefined
  /** `rate(10 days)` or `cron(0 8 1 * ? *)` */
  readonly scheduleExpression?: string | undefined
  /** `3h` */
  readonly duration?: string | undefined
}

/** Rules that were read: when windows open, and how long they stay so. */
export interface WindowSchedule {
  readonly schedule: Schedule
  /** Whether days count from the last rotation, and each later day is a window until there was one. */
  readonly sinceRotation: boolean
  readonly lengthHours: number
}

/** What is wrong with rules; the sentence is the service's. */
export type WindowFault =
  | 'both-kinds'
  | 'no-kind'
  | 'expression'
  | 'hours'
  | 'days'
  | 'duration'
  | 'longer-than-rate'
  | 'longer-than-day'

/** A time in which a secret rotates. */
export interface RotationWindow {
  readonly opensAt: Date
  /** The first instant that is not in it any more. */
  readonly closesAt: Date
}

/**
 * Reads rotation rules: either days or a schedule; from four to 23 hours, or up to 999 days, from one window to the
 * next; windows on the hour, none into the next day or the next window.
 *
 * @see https://docs.aws.amazon.com/secretsmanager/latest/userguide/rotate-secrets_schedule.html
 */
export function readWindowRules(rules: WindowRules): WindowSchedule | WindowFault {
  const { automaticallyAfterDays: days, scheduleExpression: expression, duration } = rules
  if (days !== undefined && expression !== undefined) return 'both-kinds'
  if (expression === undefined) {
    if (days === undefined) return 'no-kind'
    return withLength({ kind: 'rate', value: days, unit: 'day' }, duration, true)
  }
  const fields = cronFields(expression)
  const schedule = fields === undefined ? rotationRate(expression) : rotationCron(fields)
  return typeof schedule === 'string' ? schedule : withLength(schedule, duration, false)
}

function rotationRate(expression: string): RateSchedule | WindowFault {
  const rate = parseRate(expression)
  if (!rate || rate.unit === 'minute') return 'expression'
  const { value, unit } = rate
  if (unit === 'hour' && (value < MIN_HOURS_BETWEEN || value > MAX_RATE_HOURS)) return 'hours'
  if (unit === 'day' && value > MAX_RATE_DAYS) return 'days'
  return { kind: 'rate', value, unit }
}

/** Minutes must be 0, years `*`, and the day of the month has no `W`: windows open on the hour, every year. */
function rotationCron(fields: string): CronSchedule | WindowFault {
  const [minute, , dayOfMonth, , , year] = fields.trim().split(/ +/)
  const cron = parseCron(fields)
  if (!cron || minute !== '0' || year !== '*' || /w/i.test(dayOfMonth ?? '')) return 'expression'
  return hoursBetween(cron) < MIN_HOURS_BETWEEN ? 'expression' : cron
}

/** The least number of hours from one opening to the next, as if every day were one with openings. */
function hoursBetween({ hours }: CronSchedule): number {
  const first = hours[0] ?? 0
  return Math.min(...hours.map((hour, i) => (hours[i + 1] ?? first + HOURS_A_DAY) - hour))
}

function withLength(
  schedule: Schedule,
  duration: string | undefined,
  sinceRotation: boolean,
): WindowSchedule | WindowFault {
  const toDayEnd = HOURS_A_DAY - (schedule.kind === 'cron' ? (schedule.hours.at(-1) ?? 0) : 0)
  if (duration === undefined) {
    return { schedule, sinceRotation, lengthHours: isHourly(schedule) ? 1 : toDayEnd }
  }
  const lengthHours = /^[0-9]{1,2}h$/.test(duration) ? Number.parseInt(duration, 10) : 0
  if (lengthHours < 1 || lengthHours > HOURS_A_DAY) return 'duration'
  if (isHourly(schedule) && lengthHours > hoursApart(schedule)) return 'longer-than-rate'
  return lengthHours > toDayEnd ? 'longer-than-day' : { schedule, sinceRotation, lengthHours }
}

function hoursApart(schedule: Schedule): number {
  return schedule.kind === 'rate' ? schedule.value : hoursBetween(schedule)
}

/** Windows of a schedule in hours close after one hour, those of one in days at the end of the day. */
function isHourly(schedule: Schedule): boolean {
  return schedule.kind === 'rate' ? schedule.unit === 'hour' : schedule.hours.length > 1
}

/**
 * The first window that opens strictly after `after`. Rates count from the UTC midnight before `anchor`: of what
 * counts since the last rotation, that rotation.
 */
export function nextWindow(
  { schedule, sinceRotation, lengthHours }: WindowSchedule,
  after: Date,
  anchor: Date,
): RotationWindow | undefined {
  const start = new Date(midnight(anchor))
  const opensAt = sinceRotation
    ? overdue(nextOccurrence(schedule, start, start), after)
    : nextOccurrence(schedule, after, start)
  if (!opensAt) return undefined
  // The openings of a rate in hours go on over midnight, and may leave less than the whole length.
  const closesAt = Math.min(opensAt.getTime() + lengthHours * HOUR_MS, midnight(opensAt) + DAY_MS)
  return { opensAt, closesAt: new Date(closesAt) }
}

/** A day that was due and went by without a rotation is made up for on the next one. */
function overdue(dueAt: Date | undefined, after: Date): Date | undefined {
  return dueAt && new Date(Math.max(dueAt.getTime(), midnight(after) + DAY_MS))
}

/** The window that `at` lies in, or else the next one. */
export function windowAt(rules: WindowSchedule, at: Date, anchor: Date): RotationWindow | undefined {
  // No window is longer than a day.
  let window = nextWindow(rules, new Date(at.getTime() - DAY_MS - 1), anchor)
  while (window && window.closesAt <= at) window = nextWindow(rules, window.opensAt, anchor)
  return window
}

/** How many days lie between two windows, rounded up, as DescribeSecret's AutomaticallyAfterDays says. */
export function daysBetween(rules: WindowSchedule, now: Date): number | undefined {
  const { schedule } = rules
  if (schedule.kind === 'rate')
    return Math.ceil((schedule.value * (schedule.unit === 'day' ? DAY_MS : HOUR_MS)) / DAY_MS)
  const first = nextOccurrence(schedule, now, now)
  const second = first && nextOccurrence(schedule, first, now)
  return first && second && Math.ceil((second.getTime() - first.getTime()) / DAY_MS)
}

function midnight(at: Date): number {
  return Math.floor(at.getTime() / DAY_MS) * DAY_MS
}
