import type { Random } from '../platform/random.ts'
import { nextOccurrence, parseSchedule } from '../schedule/schedule.ts'
import type { JobWriter } from '../store/jobs.ts'
import type { Rule } from '../store/rules.ts'

/** The kind of job that fires a rule at its time. Its key is the rule's name. */
export const FIRE_RULE = 'fire-rule'

/** When a rule fires that was asked to at some time. */
export interface Firing {
  readonly atMs: number
}

/**
 * Queues a rule's first occurrence after `after`, in place of the one that waits; where there is none, nothing waits
 * any more. To be called in the transaction that changes the rule, or that fires it.
 */
export async function queueFiring(
  tx: { readonly jobs: JobWriter },
  rule: Rule,
  after: Date,
  random: Random,
): Promise<void> {
  const { account, region, name } = rule
  const runAt = nextFiring(rule, after)
  if (!runAt) return tx.jobs.cancel(rule, FIRE_RULE, name)
  const firing: Firing = { atMs: runAt.getTime() }
  const job = { account, region, id: random.uuid(), kind: FIRE_RULE, key: name, runAt }
  await tx.jobs.queue({ ...job, payload: { ...firing } })
}

function nextFiring({ schedule, state, scheduledFrom }: Rule, after: Date): Date | undefined {
  const parsed = schedule === undefined || state === 'DISABLED' ? undefined : parseSchedule(schedule)
  return parsed && nextOccurrence(parsed, after, scheduledFrom)
}
