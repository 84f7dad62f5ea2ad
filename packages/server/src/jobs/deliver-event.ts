import { type Delivery, deliveryOf } from '../bus/delivery.ts'
import { parseTargetArn, ruleArn } from '../bus/rule-arn.ts'
import { targetInput } from '../bus/target-input.ts'
import type { ClaimedJob } from '../store/jobs.ts'
import type { Rule, RuleTarget } from '../store/rules.ts'
import type { Writers } from '../store/store.ts'
import { StoreUnavailable } from '../store/unavailable.ts'
import { serviceTrailEntry } from '../trail/event.ts'
import { newEventId } from '../trail/event-id.ts'
import { DeliveryRefused } from './event-targets/delivery-refused.ts'
import { deliverToFunction } from './event-targets/function.ts'
import type { EventMessage } from './event-targets/message.ts'
import { deliverToTopic } from './event-targets/topic.ts'
import { ClaimLost, type JobRooms, type RunJob } from './job.ts'

/**
 * What a target's retry policy says where it says nothing.
 * @see https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-rule-retry-policy.html
 */
const DEFAULT_RETRIES = 185
const DEFAULT_MAX_AGE_SECONDS = 86_400

/** Counts ended deliveries by how they ended. */
const ENDED = 'lockstep_event_deliveries_total'

interface Scene {
  readonly job: ClaimedJob
  readonly rooms: JobRooms
  readonly delivery: Delivery
  readonly target: RuleTarget
}

/**
 * Tells one target of one event. A rule that was disabled since, or a target that was removed, tells nobody any more.
 * What fails is tried again as the target's retry policy says; at last the trail says that it was given up.
 */
export const deliverEvent: RunJob = async (job, rooms) => {
  const { store, keyring, metrics } = rooms
  const delivery = deliveryOf(job, keyring)
  const rule = await store.read.rules.rule(job, delivery.rule)
  const target = (await store.read.rules.targets(job, delivery.rule)).find(({ id }) => id === delivery.target)
  if (!rule || !target || rule.state === 'DISABLED') return end(job, rooms)
  const scene: Scene = { job, rooms, delivery, target }
  try {
    await deliver(rule, scene)
  } catch (error) {
    if (error instanceof ClaimLost || error instanceof StoreUnavailable || triesAgain(error, scene))
      throw error
    return giveUp(error, scene)
  }
  metrics.count(ENDED, 'outcome="delivered"')
}

async function deliver(rule: Rule, { job, rooms, delivery, target }: Scene): Promise<void> {
  const { account, region, name } = rule
  const place = parseTargetArn(target.arn)
  if (!place) throw new DeliveryRefused('INVALID_TARGET')
  const arn = ruleArn({ account, region }, name)
  const { event, takenInAt } = delivery
  const message: EventMessage = {
    target: place,
    text: targetInput(target, { event, ruleArn: arn, ruleName: name, takenInAt }),
    ruleArn: arn,
    ruleAccount: account,
  }
  const tell = place.kind === 'topic' ? deliverToTopic : deliverToFunction
  return end(job, rooms, (tx) => tell(tx, message, rooms))
}

/** Whether the target's policy leaves a further attempt. AWS makes none where the target refuses. */
function triesAgain(error: unknown, { job, rooms, delivery, target }: Scene): boolean {
  const { maxAttempts: retries = DEFAULT_RETRIES, maxAgeSeconds = DEFAULT_MAX_AGE_SECONDS } =
    target.retry ?? {}
  const ageMs = rooms.clock.now().getTime() - delivery.takenInAt.getTime()
  return !(error instanceof DeliveryRefused) && job.attempts <= retries && ageMs < maxAgeSeconds * 1000
}

/** Ends a delivery that failed for good. Its event is not offered to the rules: it would tell of itself for ever. */
async function giveUp(error: unknown, { job, rooms, delivery, target }: Scene): Promise<void> {
  const { account, region, attempts } = job
  const at = rooms.clock.now()
  const arn = ruleArn({ account, region }, delivery.rule)
  const event = serviceTrailEntry({
    account,
    region,
    eventId: newEventId(at, rooms.random),
    at,
    source: 'events.amazonaws.com',
    name: 'EventDeliveryFailed',
    resources: [{ account, arn, type: 'AWS::Events::Rule' }],
    additional: {
      ruleArn: arn,
      targetId: target.id,
      targetArn: target.arn,
      eventId: delivery.event.id,
      attempts,
      errorCode: error instanceof DeliveryRefused ? error.code : 'SDK_CLIENT_ERROR',
    },
  })
  await end(job, rooms, (tx) => tx.trail.append(event))
  rooms.metrics.count(ENDED, 'outcome="failed"')
}

/** Takes the job off the queue, with what belongs to that. */
function end(job: ClaimedJob, { store }: JobRooms, act?: (tx: Writers) => Promise<void>): Promise<void> {
  return store.write(async (tx) => {
    if (!(await tx.jobs.done(job))) throw new ClaimLost()
    await act?.(tx)
  })
}
