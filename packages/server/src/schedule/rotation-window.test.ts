import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import {
  daysBetween,
  nextWindow,
  readWindowRules,
  type WindowRules,
  type WindowSchedule,
  windowAt,
} from './rotation-window.ts'

const HOUR_MS = 3_600_000
const DAY_MS = 24 * HOUR_MS
const SET = new Date('2026-01-15T10:20:30Z')

function read(rules: WindowRules | string, duration?: string): WindowSchedule {
  const found = readWindowRules(
    typeof rules === 'string' ? { scheduleExpression: rules, duration } : { ...rules, duration },
  )
  if (typeof found === 'string') assert.fail(`${JSON.stringify(rules)} ${duration}: ${found}`)
  return found
}

function windows(rules: WindowSchedule, count: number, after = SET, anchor = SET): readonly string[] {
  const found: string[] = []
  for (let from: Date | undefined = after; found.length < count; ) {
    const window = nextWindow(rules, from, anchor)
    if (!window) break
    const [opens, closes] = [window.opensAt, window.closesAt].map((at) => at.toISOString().slice(0, 13))
    found.push(`${opens} ${closes}`)
    from = window.opensAt
  }
  return found
}

function fault(scheduleExpression: string, duration?: string): unknown {
  return readWindowRules({ scheduleExpression, duration })
}

test('a rate in days opens at midnight and closes at the end of the day or after its duration', () => {
  assert.deepEqual(windows(read('rate(10 days)'), 2), [
    '2026-01-25T00 2026-01-26T00',
    '2026-02-04T00 2026-02-05T00',
  ])
  assert.deepEqual(windows(read('rate(1 day)', '3h'), 1), ['2026-01-16T00 2026-01-16T03'])
  assert.equal(read('rate(1 days)').lengthHours, 24)
})

test('a rate in hours opens from midnight on and closes after an hour or its duration', () => {
  assert.deepEqual(windows(read('rate(4 hours)'), 2), [
    '2026-01-15T12 2026-01-15T13',
    '2026-01-15T16 2026-01-15T17',
  ])
  assert.deepEqual(windows(read('rate(12 hours)', '12h'), 2), [
    '2026-01-15T12 2026-01-16T00',
    '2026-01-16T00 2026-01-16T12',
  ])
  // Five hours do not divide a day, so some window opens at 23:00, and midnight closes it.
  assert.deepEqual(windows(read('rate(5 hours)', '2h'), 4, new Date('2026-01-16T05:00:00Z')), [
    '2026-01-16T06 2026-01-16T08',
    '2026-01-16T11 2026-01-16T13',
    '2026-01-16T16 2026-01-16T18',
    '2026-01-16T21 2026-01-16T23',
  ])
  assert.equal(
    windows(read('rate(5 hours)', '2h'), 1, new Date('2026-01-18T20:00:00Z'))[0],
    '2026-01-18T23 2026-01-19T00',
  )
})

test('a cron expression of one hour closes at the end of the day, one of several after an hour', () => {
  assert.deepEqual(windows(read('cron(0 10 * * ? *)'), 1), ['2026-01-16T10 2026-01-17T00'])
  assert.deepEqual(windows(read('cron(0 4/12 * * ? *)'), 3), [
    '2026-01-15T16 2026-01-15T17',
    '2026-01-16T04 2026-01-16T05',
    '2026-01-16T16 2026-01-16T17',
  ])
  assert.deepEqual(windows(read('cron(0 1 ? 1/3 SUN#1 *)'), 2), [
    '2026-04-05T01 2026-04-06T00',
    '2026-07-05T01 2026-07-06T00',
  ])
  assert.deepEqual(windows(read('cron(0 17 L * ? *)', '7h'), 1), ['2026-01-31T17 2026-02-01T00'])
})

test('days since the last rotation open at midnight, and every day after one that was missed', () => {
  const rules = read({ automaticallyAfterDays: 30 })
  assert.deepEqual(windows(rules, 2), ['2026-02-14T00 2026-02-15T00', '2026-02-15T00 2026-02-16T00'])
  assert.deepEqual(windows(rules, 1, new Date('2026-05-01T12:00:00Z')), ['2026-05-02T00 2026-05-03T00'])
  assert.equal(
    windowAt(rules, new Date('2026-05-01T12:00:00Z'), SET)?.opensAt.toISOString(),
    '2026-05-01T00:00:00.000Z',
  )
})

test('rules that AWS refuses are refused, each for its reason', () => {
  assert.equal(readWindowRules({}), 'no-kind')
  assert.equal(readWindowRules({ duration: '3h' }), 'no-kind')
  assert.equal(
    readWindowRules({ automaticallyAfterDays: 10, scheduleExpression: 'rate(10 days)' }),
    'both-kinds',
  )
  for (const expression of ['rate(3 hours)', 'rate(1 hour)', 'rate(24 hours)']) {
    assert.equal(fault(expression), 'hours', expression)
  }
  assert.equal(fault('rate(1000 days)'), 'days')
  for (const expression of [
    'rate(30 minutes)',
    'rate(0 days)',
    'often',
    'cron(0 0/2 * * ? *)',
    'cron(0 * * * ? *)',
    'cron(0 1,23 * * ? *)',
    'cron(5 8 * * ? *)',
    'cron(* 8 * * ? *)',
    'cron(0 8 * * ? 2026)',
    'cron(0 8 15W * ? *)',
    'cron(0 8 LW * ? *)',
    'cron(0 8 * * * *)',
  ]) {
    assert.equal(fault(expression), 'expression', expression)
  }
  for (const duration of ['0h', '25h', '3', 'h', '1.5h', '-1h', '90m', '100h']) {
    assert.equal(fault('rate(1 day)', duration), 'duration', duration)
  }
  assert.equal(fault('cron(0 20 * * ? *)', '5h'), 'longer-than-day')
  assert.equal(fault('cron(0 8/4 * * ? *)', '5h'), 'longer-than-rate')
  assert.equal(fault('rate(4 hours)', '5h'), 'longer-than-rate')
})

test('the days between windows are what the schedule comes to', () => {
  assert.equal(daysBetween(read('rate(10 days)'), SET), 10)
  assert.equal(daysBetween(read('rate(4 hours)'), SET), 1)
  assert.equal(daysBetween(read('cron(0 8 1 * ? *)'), SET), 28)
  assert.equal(daysBetween(read('cron(0 18 ? * SAT *)'), SET), 7)
  assert.equal(daysBetween(read('cron(0 8 31 2 ? *)'), SET), undefined)
})

const rules: fc.Arbitrary<WindowRules> = fc
  .tuple(
    fc.oneof(
      fc
        .integer({ min: 1, max: 1000 })
        .map((automaticallyAfterDays): WindowRules => ({ automaticallyAfterDays })),
      fc.integer({ min: 1, max: 40 }).map((n): WindowRules => ({ scheduleExpression: `rate(${n} days)` })),
      fc.integer({ min: 4, max: 23 }).map((n): WindowRules => ({ scheduleExpression: `rate(${n} hours)` })),
      fc
        .tuple(
          fc.integer({ min: 0, max: 23 }),
          fc.integer({ min: 1, max: 24 }),
          fc.constantFrom('* * ?', 'L * ?', '? * MON', '1/9 2 ?'),
        )
        .map(
          ([from, every, day]): WindowRules => ({ scheduleExpression: `cron(0 ${from}/${every} ${day} *)` }),
        ),
    ),
    fc.option(fc.integer({ min: 1, max: 24 }), { nil: undefined }),
  )
  .map(([kind, hours]) => ({ ...kind, duration: hours === undefined ? undefined : `${hours}h` }))

test('no window reaches into the next one or the next day, and all open on the hour', () => {
  fc.assert(
    fc.property(rules, fc.integer({ min: Date.UTC(2024, 0), max: Date.UTC(2028, 0) }), (told, at) => {
      const read = readWindowRules(told)
      if (typeof read === 'string') return
      const anchor = new Date(at - 5 * DAY_MS)
      const first = nextWindow(read, new Date(at), anchor)
      const second = first && nextWindow(read, first.opensAt, anchor)
      if (!first || !second) return
      assert.ok(first.opensAt.getTime() > at)
      assert.equal(first.opensAt.getTime() % HOUR_MS, 0)
      assert.ok(first.closesAt <= second.opensAt)
      const lastMoment = first.closesAt.getTime() - 1
      assert.equal(Math.floor(lastMoment / DAY_MS), Math.floor(first.opensAt.getTime() / DAY_MS))
      const days = told.automaticallyAfterDays
      if (days) assert.ok(first.opensAt.getTime() - anchor.getTime() > (days - 1) * DAY_MS)
      else assert.ok(second.opensAt.getTime() - first.opensAt.getTime() >= 4 * HOUR_MS)
    }),
    { numRuns: 300 },
  )
})

test('the window at an instant holds it, or is the next to come', () => {
  fc.assert(
    fc.property(rules, fc.integer({ min: Date.UTC(2024, 0), max: Date.UTC(2028, 0) }), (told, ms) => {
      const read = readWindowRules(told)
      if (typeof read === 'string') return
      const at = new Date(ms)
      const anchor = new Date(ms - 50 * DAY_MS)
      const window = windowAt(read, at, anchor)
      if (!window) return
      assert.ok(window.closesAt > at)
      // None that closes after the instant opens before this one: hour by hour.
      for (
        let hour = ms - DAY_MS - 2 * HOUR_MS;
        hour < window.opensAt.getTime() && hour < ms;
        hour += HOUR_MS
      ) {
        const other = nextWindow(read, new Date(hour), anchor)
        assert.ok(other && (other.closesAt <= at || other.opensAt >= window.opensAt))
      }
    }),
    { numRuns: 200 },
  )
})
