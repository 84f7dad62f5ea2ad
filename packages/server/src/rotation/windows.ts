import { createHash } from 'node:crypto'
import {
  daysBetween,
  nextWindow,
  type RotationWindow,
  readWindowRules,
  type WindowSchedule,
  windowAt,
} from '../schedule/rotation-window.ts'
import type { Rotation, RotationRules, Secret } from '../store/secrets.ts'

/** Starts are spread over the first half of a window, and over an hour at most. */
const MAX_SPREAD_MS = 3_600_000

/** The rules of a secret as they were stored; nothing where it has none. */
function scheduleOf(rules: RotationRules | undefined): WindowSchedule | undefined {
  if (!rules) return undefined
  const { scheduleExpression, duration, automaticallyAfterDays } = rules
  // Beside an expression the days are what it comes to, and rule nothing.
  const read = readWindowRules(
    scheduleExpression === undefined
      ? { automaticallyAfterDays, duration }
      : { scheduleExpression, duration },
  )
  return typeof read === 'string' ? undefined : read
}

/** The first window that opens after `after`; nothing where the secret does not rotate by itself. */
export function windowAfter(rotation: Rotation, after: Date): RotationWindow | undefined {
  const schedule = rotation.enabled ? scheduleOf(rotation.rules) : undefined
  return schedule && nextWindow(schedule, after, rotation.anchorAt ?? after)
}

/** The window that is open at `at`, or else the next one. */
export function openWindow(rotation: Rotation, at: Date): RotationWindow | undefined {
  const schedule = rotation.enabled ? scheduleOf(rotation.rules) : undefined
  return schedule && windowAt(schedule, at, rotation.anchorAt ?? at)
}

/** Whether the days until the next window count from the last rotation, so that each rotation begins them anew. */
export function countsFromRotation({ rules }: Rotation): boolean {
  return rules?.automaticallyAfterDays !== undefined && rules.scheduleExpression === undefined
}

/** Rules with the days that their schedule comes to, as DescribeSecret shows them. */
function withDays(rules: RotationRules, now: Date): RotationRules {
  const schedule = scheduleOf(rules)
  if (!schedule || rules.scheduleExpression === undefined) return rules
  return { ...rules, automaticallyAfterDays: daysBetween(schedule, now) }
}

/**
 * A rotation's state from `now` on, when it was configured or done: windows that count from a rotation count from
 * here, and the end of the next one is what DescribeSecret promises.
 */
export function counted(rotation: Rotation, now: Date): Rotation {
  const anchorAt = rotation.anchorAt === undefined || countsFromRotation(rotation) ? now : rotation.anchorAt
  const rules = rotation.rules && withDays(rotation.rules, now)
  const from = { ...rotation, anchorAt, rules }
  return { ...from, nextAt: lastMoment(windowAfter(from, now)) }
}

/** The last second of a window: its end is the next day's first instant. */
function lastMoment(window: RotationWindow | undefined): Date | undefined {
  return window && new Date(window.closesAt.getTime() - 1000)
}

/**
 * When a secret's rotation starts within a window. Secrets of one schedule start apart, each at the same distance from
 * the opening every time.
 */
export function startWithin({ opensAt, closesAt }: RotationWindow, { arn }: Pick<Secret, 'arn'>): Date {
  const spreadMs = Math.min((closesAt.getTime() - opensAt.getTime()) / 2, MAX_SPREAD_MS)
  const chance = createHash('sha256').update(arn).digest().readUInt32BE() / 2 ** 32
  return new Date(opensAt.getTime() + Math.floor(chance * spreadMs))
}
