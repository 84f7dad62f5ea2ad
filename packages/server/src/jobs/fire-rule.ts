import { scheduledEvent } from '../bus/bus-event.ts'
import { queueDeliveries } from '../bus/delivery.ts'
import { type Firing, queueFiring } from '../bus/firing.ts'
import { ruleArn } from '../bus/rule-arn.ts'
import { rulesLock } from '../store/locks.ts'
import { inTransaction } from './job.ts'

/**
 * Tells a rule's targets that its time has come, and queues the next time, in one transaction. Times that passed while
 * no server ran are made up for by one.
 *
 * @see https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-create-rule-schedule.html
 */
export const fireRule = inTransaction(
  async (tx, job, { random, now }) => {
    const { account, region, key: name } = job
    const place = { account, region }
    const rule = await tx.rules.rule(place, name)
    if (!rule || rule.schedule === undefined || rule.state === 'DISABLED') return undefined
    const { atMs } = job.payload as unknown as Firing // queueFiring wrote it
    const event = scheduledEvent(place, {
      id: random.uuid(),
      ruleArn: ruleArn(place, name),
      at: new Date(atMs),
    })
    const targetIds = (await tx.rules.targets(place, name)).map(({ id }) => id)
    await queueDeliveries(tx, place, { rule: name, targetIds, event }, { random, now })
    await queueFiring(tx, rule, now, random)
    return undefined
  },
  { lock: rulesLock },
)
