import { Cron } from 'croner'
import {
  DAYS_OF_MONTH,
  DAYS_OF_WEEK,
  fieldValue,
  fieldValues,
  HOURS,
  MINUTES,
  MONTHS,
  YEARS,
} from './cron-field.ts'

/** A cron expression of six fields, in UTC. */
export interface CronSchedule {
  readonly kind: 'cron'
  readonly minutes: readonly number[]
  readonly hours: readonly number[]
  /** How the days are told, as croner reads it; `?` in one of the two. */
  readonly dayOfMonth: string
  readonly dayOfWeek: string
  readonly months: readonly number[]
  readonly years: readonly number[]
}

/**
 * Reads the six fields of `cron(…)`: minutes, hours, day of month, month, day of week, year. One of the two days is
 * `?`. `L` is the last day of the month or Saturday, `LW` the month's last weekday, `15W` the weekday next to the 15th,
 * `6L` the last Friday, `2#1` the first Monday. Nothing for what is no such expression.
 *
 * @see https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-scheduled-rule-pattern.html
 */
export function parseCron(text: string): CronSchedule | undefined {
  const fields = text.trim().split(/ +/)
  const [minute = '', hour = '', onDay = '', month = '', onWeekday = '', year = ''] = fields
  if (fields.length !== 6 || (onDay === '?') === (onWeekday === '?')) return undefined
  const minutes = fieldValues(minute, MINUTES)
  const hours = fieldValues(hour, HOURS)
  const dayOfMonth = onDay === '?' ? '?' : daysOfMonth(onDay)
  const months = fieldValues(month, MONTHS)
  const dayOfWeek = onWeekday === '?' ? '?' : daysOfWeek(onWeekday)
  const years = fieldValues(year, YEARS)
  if (!minutes || !hours || !dayOfMonth || !months || !dayOfWeek || !years) return undefined
  return { kind: 'cron', minutes, hours, dayOfMonth, dayOfWeek, months, years }
}

function daysOfMonth(text: string): string | undefined {
  const special = text.toUpperCase()
  if (special === 'L' || special === 'LW') return special
  if (special.endsWith('W')) {
    const day = fieldValue(special.slice(0, -1), DAYS_OF_MONTH)
    return day === undefined ? undefined : `${day}W`
  }
  return fieldValues(text, DAYS_OF_MONTH)?.join(',')
}

function daysOfWeek(text: string): string | undefined {
  if (/^l$/i.test(text)) return `${DAYS_OF_WEEK.max}`
  const special = /^([0-9a-z]+?)(?:(l)|#([1-5]))$/i.exec(text)
  const day = special?.[1] && fieldValue(special[1], DAYS_OF_WEEK)
  if (special && day) return special[2] ? `${day}L` : `${day}#${special[3]}`
  return fieldValues(text, DAYS_OF_WEEK)?.join(',')
}

/** The first minute strictly after `after` that the expression names; nothing where there is none any more. */
export function nextCron(schedule: CronSchedule, after: Date): Date | undefined {
  return cronOf(schedule).nextRun(after) ?? undefined
}

/** The last minute strictly before `before` that the expression names; nothing where there was none yet. */
export function previousCron(schedule: CronSchedule, before: Date): Date | undefined {
  return cronOf(schedule).previousRuns(1, before)[0]
}

function cronOf({ minutes, hours, dayOfMonth, months, dayOfWeek, years }: CronSchedule): Cron {
  const lists = [minutes.join(','), hours.join(','), dayOfMonth, months.join(','), dayOfWeek, years.join(',')]
  return new Cron(`0 ${lists.join(' ')}`, {
    // Not a time zone: those have hours that are skipped or come twice.
    utcOffset: 0,
    alternativeWeekdays: true,
    domAndDow: false,
    paused: true,
  })
}
