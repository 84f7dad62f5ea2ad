import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { nextOccurrence, parseSchedule } from './schedule.ts'

const CREATED = new Date('2026-01-15T10:20:30Z')

function next(expression: string, after: string, anchor = CREATED): string | undefined {
  const schedule = parseSchedule(expression)
  assert.ok(schedule, expression)
  return nextOccurrence(schedule, new Date(after), anchor)?.toISOString().replace('.000Z', 'Z')
}

function several(expression: string, after: string, count: number): readonly (string | undefined)[] {
  const found = [next(expression, after)]
  while (found.length < count) found.push(next(expression, found.at(-1) ?? ''))
  return found
}

test('a rate counts from its anchor, which is no occurrence itself', () => {
  assert.equal(next('rate(1 minute)', '2026-01-15T10:20:30Z'), '2026-01-15T10:21:30Z')
  assert.equal(next('rate(5 minutes)', '2026-01-15T10:25:29Z'), '2026-01-15T10:25:30Z')
  assert.equal(next('rate(5 minutes)', '2026-01-15T10:25:30Z'), '2026-01-15T10:30:30Z')
  assert.equal(next('rate(2 hours)', '2026-01-15T13:00:00Z'), '2026-01-15T14:20:30Z')
  assert.equal(next('rate(7 days)', '2020-01-01T00:00:00Z'), '2026-01-22T10:20:30Z')
})

test('the unit of a rate agrees with its number', () => {
  for (const wrong of [
    'rate(1 minutes)',
    'rate(1 hours)',
    'rate(1 days)',
    'rate(2 minute)',
    'rate(3 hour)',
  ]) {
    assert.equal(parseSchedule(wrong), undefined, wrong)
  }
})

test('what is neither a rate nor a cron expression is refused', () => {
  const wrong = [
    '',
    'rate()',
    'rate(0 minutes)',
    'rate(-1 minutes)',
    'rate(05 minutes)',
    'rate(1.5 hours)',
    'rate(5 weeks)',
    'rate(5 MINUTES)',
    'rate( 5 minutes)',
    'rate(5  minutes)',
    'rate(999999999 days)',
    'Rate(5 minutes)',
    'rate(5 minutes) ',
    'at(2026-01-01T00:00:00)',
    'cron()',
    'cron(0 12 * * ?)',
    'cron(0 12 * * ? * *)',
    'cron(0 12 * * * *)',
    'cron(0 12 ? * ? *)',
    'cron(0 12 1 * MON *)',
    'cron(60 12 * * ? *)',
    'cron(0 24 * * ? *)',
    'cron(0 12 0 * ? *)',
    'cron(0 12 32 * ? *)',
    'cron(0 12 * 13 ? *)',
    'cron(0 12 * 0 ? *)',
    'cron(0 12 ? * 0 *)',
    'cron(0 12 ? * 8 *)',
    'cron(0 12 * * ? 1969)',
    'cron(0 12 * * ? 2200)',
    'cron(? 12 * * ? *)',
    'cron(L 12 * * ? *)',
    'cron(0 12 L-3 * ? *)',
    'cron(0 12 L,15 * ? *)',
    'cron(0 12 32W * ? *)',
    'cron(0 12 W * ? *)',
    'cron(0 12 ? * 2#6 *)',
    'cron(0 12 ? * 2#0 *)',
    'cron(0 12 ? * 2#1,3#2 *)',
    'cron(0 12 ? * 9L *)',
    'cron(0 12 ? * LW *)',
    'cron(0/0 12 * * ? *)',
    'cron(5-1 12 * * ? *)',
    'cron(0 12 ? * FRI-MON *)',
    'cron(0, 12 * * ? *)',
    'cron(a 12 * * ? *)',
    'cron(0 12 ? * MONDAY *)',
    'cron(0 0x5 * * ? *)',
    'cron(1/2/3 0 * * ? *)',
    'cron(*-5 0 * * ? *)',
  ]
  for (const expression of wrong) assert.equal(parseSchedule(expression), undefined, expression)
})

test("AWS's own examples come round when its pages say", () => {
  assert.deepEqual(several('cron(15 10 * * ? *)', '2026-01-15T10:15:00Z', 2), [
    '2026-01-16T10:15:00Z',
    '2026-01-17T10:15:00Z',
  ])
  assert.equal(next('cron(0 18 ? * MON-FRI *)', '2026-01-16T18:00:00Z'), '2026-01-19T18:00:00Z')
  assert.equal(next('cron(0 8 1 * ? *)', '2026-01-15T00:00:00Z'), '2026-02-01T08:00:00Z')
  assert.deepEqual(several('cron(0/15 * * * ? *)', '2026-01-15T10:14:59.999Z', 4), [
    '2026-01-15T10:15:00Z',
    '2026-01-15T10:30:00Z',
    '2026-01-15T10:45:00Z',
    '2026-01-15T11:00:00Z',
  ])
  assert.equal(next('cron(0/5 8-17 ? * MON-FRI *)', '2026-01-16T17:55:00Z'), '2026-01-19T08:00:00Z')
  assert.deepEqual(several('cron(0 4/12 * * ? *)', '2026-01-15T00:00:00Z', 3), [
    '2026-01-15T04:00:00Z',
    '2026-01-15T16:00:00Z',
    '2026-01-16T04:00:00Z',
  ])
})

test('L, W and # find their days in every month', () => {
  assert.deepEqual(several('cron(0 9 L * ? *)', '2028-01-31T09:00:00Z', 3), [
    '2028-02-29T09:00:00Z',
    '2028-03-31T09:00:00Z',
    '2028-04-30T09:00:00Z',
  ])
  assert.equal(next('cron(0 9 LW * ? *)', '2026-01-20T00:00:00Z'), '2026-01-30T09:00:00Z')
  assert.equal(next('cron(0 9 15W * ? *)', '2026-02-01T00:00:00Z'), '2026-02-16T09:00:00Z')
  assert.equal(next('cron(0 9 1W * ? *)', '2026-01-31T00:00:00Z'), '2026-02-02T09:00:00Z')
  assert.equal(next('cron(0 9 ? * 6L *)', '2026-02-01T00:00:00Z'), '2026-02-27T09:00:00Z')
  assert.equal(next('cron(0 9 ? * FRIL *)', '2026-02-01T00:00:00Z'), '2026-02-27T09:00:00Z')
  assert.equal(next('cron(0 9 ? * L *)', '2026-02-01T00:00:00Z'), '2026-02-07T09:00:00Z')
  assert.equal(next('cron(0 9 ? * 2#5 *)', '2026-01-15T00:00:00Z'), '2026-03-30T09:00:00Z')
})

test('a schedule may come to its end', () => {
  assert.equal(next('cron(0 0 1 1 ? 2199)', '2026-01-01T00:00:00Z'), '2199-01-01T00:00:00Z')
  assert.equal(next('cron(0 0 1 1 ? 2199)', '2199-01-01T00:00:00Z'), undefined)
  assert.equal(next('cron(0 0 1 1 ? *)', '2199-06-01T00:00:00Z'), undefined)
  assert.equal(next('cron(0 0 31 2 ? *)', '2026-01-01T00:00:00Z'), undefined)
  assert.equal(next('cron(0 0 29 2 ? *)', '2096-03-01T00:00:00Z'), '2104-02-29T00:00:00Z')
})

test('no hour is skipped or comes twice where the clocks of others change', () => {
  assert.deepEqual(several('cron(30 * * * ? *)', '2026-03-08T06:00:00Z', 3), [
    '2026-03-08T06:30:00Z',
    '2026-03-08T07:30:00Z',
    '2026-03-08T08:30:00Z',
  ])
  assert.equal(next('cron(30 2 * * ? *)', '2026-03-08T00:00:00Z'), '2026-03-08T02:30:00Z')
})

/** A field in the language of {@link parseSchedule}, and what it means, told without its code. */
interface Told {
  readonly text: string
  readonly holds: (value: number) => boolean
}

function field(min: number, max: number): fc.Arbitrary<Told> {
  const value = fc.integer({ min, max })
  const single = value.map((v): Told => ({ text: `${v}`, holds: (x) => x === v }))
  const range = fc.tuple(value, value).map(([a, b]): Told => {
    const [low, high] = [Math.min(a, b), Math.max(a, b)]
    return { text: `${low}-${high}`, holds: (x) => low <= x && x <= high }
  })
  const step = fc.tuple(value, fc.integer({ min: 1, max: 40 })).map(
    ([from, every]): Told => ({
      text: `${from}/${every}`,
      holds: (x) => x >= from && (x - from) % every === 0,
    }),
  )
  const all = fc.constant<Told>({ text: '*', holds: () => true })
  const listed = fc.array(fc.oneof(single, range, step), { minLength: 1, maxLength: 3 }).map(
    (items): Told => ({
      text: items.map(({ text }) => text).join(','),
      holds: (x) => items.some(({ holds }) => holds(x)),
    }),
  )
  return fc.oneof(all, single, listed)
}

const DAY_MS = 86_400_000

/** Days in terms of a midnight, whatever their expression's field is. */
interface ToldDay {
  readonly fields: readonly [dayOfMonth: string, dayOfWeek: string]
  readonly holds: (day: Date) => boolean
}

function lastOf(day: Date): number {
  return new Date(Date.UTC(day.getUTCFullYear(), day.getUTCMonth() + 1, 0)).getUTCDate()
}

function isWeekday(day: Date): boolean {
  return day.getUTCDay() !== 0 && day.getUTCDay() !== 6
}

/** The weekday nearest to a day of the month that contains `day`, without leaving that month. */
function nearestWeekday(day: Date, wanted: number): number | undefined {
  if (wanted > lastOf(day)) return undefined
  const near = [0, -1, 1, -2, 2].map((off) => wanted + off)
  return near.find((date) => {
    const at = new Date(Date.UTC(day.getUTCFullYear(), day.getUTCMonth(), date))
    return at.getUTCMonth() === day.getUTCMonth() && isWeekday(at)
  })
}

const days: fc.Arbitrary<ToldDay> = fc.oneof(
  field(1, 31).map(
    ({ text, holds }): ToldDay => ({ fields: [text, '?'], holds: (day) => holds(day.getUTCDate()) }),
  ),
  field(1, 7).map(
    ({ text, holds }): ToldDay => ({ fields: ['?', text], holds: (day) => holds(day.getUTCDay() + 1) }),
  ),
  fc.constant<ToldDay>({ fields: ['L', '?'], holds: (day) => day.getUTCDate() === lastOf(day) }),
  fc.constant<ToldDay>({
    fields: ['LW', '?'],
    holds: (day) => day.getUTCDate() === nearestWeekday(day, lastOf(day)),
  }),
  // Past the 28th croner and the oracle could differ on months without that day; AWS says nothing of them.
  fc.integer({ min: 1, max: 28 }).map(
    (wanted): ToldDay => ({
      fields: [`${wanted}W`, '?'],
      holds: (day) => day.getUTCDate() === nearestWeekday(day, wanted),
    }),
  ),
  fc.integer({ min: 1, max: 7 }).map(
    (weekday): ToldDay => ({
      fields: ['?', `${weekday}L`],
      holds: (day) => day.getUTCDay() + 1 === weekday && day.getUTCDate() + 7 > lastOf(day),
    }),
  ),
  fc.tuple(fc.integer({ min: 1, max: 7 }), fc.integer({ min: 1, max: 5 })).map(
    ([weekday, nth]): ToldDay => ({
      fields: ['?', `${weekday}#${nth}`],
      holds: (day) => day.getUTCDay() + 1 === weekday && Math.ceil(day.getUTCDate() / 7) === nth,
    }),
  ),
)

const instants = fc.oneof(
  fc.integer({ min: Date.UTC(2023, 0), max: Date.UTC(2033, 0) }),
  // Ends of months and leap days, where mistakes live.
  fc
    .tuple(fc.integer({ min: 2023, max: 2032 }), fc.integer({ min: 0, max: 11 }))
    .chain(([year, month]) =>
      fc.integer({ min: -2 * DAY_MS, max: 2 * DAY_MS }).map((off) => Date.UTC(year, month, 1) + off),
    ),
)

test('the next occurrence is the one that looking at every day, hour and minute finds', () => {
  fc.assert(
    fc.property(
      fc.record({ minute: field(0, 59), hour: field(0, 23), day: days, month: field(1, 12) }),
      instants,
      ({ minute, hour, day, month }, after) => {
        const expression = `cron(${minute.text} ${hour.text} ${day.fields[0]} ${month.text} ${day.fields[1]} *)`
        const schedule = parseSchedule(expression)
        assert.ok(schedule, expression)
        const found = nextOccurrence(schedule, new Date(after), CREATED)
        const wanted = searched(after, { minute, hour, day, month })
        // The oracle gives up after 30 years, for example on the fifth Monday of every February.
        if (wanted !== undefined) {
          assert.equal(found?.getTime(), wanted, `${expression} after ${new Date(after).toISOString()}`)
        } else if (found) {
          assert.ok(found.getTime() > after + 29 * 366 * DAY_MS, expression)
        }
      },
    ),
    { numRuns: 500 },
  )
})

function searched(
  after: number,
  told: { readonly minute: Told; readonly hour: Told; readonly day: ToldDay; readonly month: Told },
): number | undefined {
  const firstDay = after - (after % DAY_MS)
  for (let midnight = firstDay; midnight < firstDay + 30 * 366 * DAY_MS; midnight += DAY_MS) {
    const day = new Date(midnight)
    if (!told.month.holds(day.getUTCMonth() + 1) || !told.day.holds(day)) continue
    for (let minute = 0; minute < 24 * 60; minute++) {
      const at = midnight + minute * 60_000
      if (at > after && told.minute.holds(minute % 60) && told.hour.holds(Math.floor(minute / 60))) return at
    }
  }
  return undefined
}

test('a rate never comes at its anchor or before, and always less than one period after', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 2, max: 5000 }),
      fc.constantFrom<readonly ['minutes' | 'hours' | 'days', number]>(
        ['minutes', 60_000],
        ['hours', 3_600_000],
        ['days', DAY_MS],
      ),
      instants,
      instants,
      (value, [unit, unitMs], after, anchor) => {
        const schedule = parseSchedule(`rate(${value} ${unit})`)
        assert.ok(schedule)
        const at = nextOccurrence(schedule, new Date(after), new Date(anchor))?.getTime() ?? 0
        assert.ok(at > after && at > anchor)
        assert.ok(at - Math.max(after, anchor) <= value * unitMs)
        assert.equal((at - anchor) % (value * unitMs), 0)
      },
    ),
  )
})
