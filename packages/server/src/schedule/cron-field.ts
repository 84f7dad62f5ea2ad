/** One field of a cron expression: its range, and the names its numbers may have. */
export interface CronField {
  readonly min: number
  readonly max: number
  /** Upper case, from {@link min} on. */
  readonly names?: readonly string[]
}

export const MINUTES: CronField = { min: 0, max: 59 }
export const HOURS: CronField = { min: 0, max: 23 }
export const DAYS_OF_MONTH: CronField = { min: 1, max: 31 }
export const MONTHS: CronField = {
  min: 1,
  max: 12,
  names: ['JAN', 'FEB', 'MAR', 'APR', 'MAY', 'JUN', 'JUL', 'AUG', 'SEP', 'OCT', 'NOV', 'DEC'],
}
export const DAYS_OF_WEEK: CronField = {
  min: 1,
  max: 7,
  names: ['SUN', 'MON', 'TUE', 'WED', 'THU', 'FRI', 'SAT'],
}
export const YEARS: CronField = { min: 1970, max: 2199 }

const ITEM = /^(?:\*|([0-9A-Z]+)(?:-([0-9A-Z]+))?)(?:\/([0-9]+))?$/
const MAX_DIGITS = 4

/**
 * The values that a field of `*`, numbers, names, ranges, steps and commas stands for, ascending; nothing for
 * one that is no such field. `a/n` counts from `a` to the field's end.
 */
export function fieldValues(text: string, field: CronField): readonly number[] | undefined {
  const values = new Set<number>()
  for (const item of text.toUpperCase().split(',')) {
    const range = itemRange(item, field)
    if (!range) return undefined
    for (let value = range.from; value <= range.to; value += range.step) values.add(value)
  }
  return [...values].toSorted((a, b) => a - b)
}

/** The number that a number or a name stands for, within the field's range. */
export function fieldValue(text: string, { min, max, names }: CronField): number | undefined {
  const named = names?.indexOf(text.toUpperCase()) ?? -1
  if (named >= 0) return min + named
  if (!/^[0-9]+$/.test(text) || text.length > MAX_DIGITS) return undefined
  const value = Number(text)
  return value >= min && value <= max ? value : undefined
}

interface Range {
  readonly from: number
  readonly to: number
  readonly step: number
}

function itemRange(item: string, field: CronField): Range | undefined {
  const parts = ITEM.exec(item)
  if (!parts) return undefined
  const [, first, last, every] = parts
  const from = first === undefined ? field.min : fieldValue(first, field)
  const end = last ?? (every === undefined ? first : undefined)
  const to = end === undefined ? field.max : fieldValue(end, field)
  const step = every === undefined ? 1 : Number(every)
  if (from === undefined || to === undefined || from > to || step < 1) return undefined
  return { from, to, step }
}
