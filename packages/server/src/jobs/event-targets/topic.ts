import { publish } from '../../notify/publish.ts'
import type { Writers } from '../../store/store.ts'
import type { JobRooms } from '../job.ts'
import { DeliveryRefused } from './delivery-refused.ts'
import { demandAdmitted, type EventMessage } from './message.ts'

/**
 * Publishes the message to a topic, in the transaction that ends the delivery: once, and not twice.
 *
 * @throws DeliveryRefused
 */
export async function deliverToTopic(
  tx: Writers,
  message: EventMessage,
  { keyring, random, clock }: Pick<JobRooms, 'keyring' | 'random' | 'clock'>,
): Promise<void> {
  const { account, region, name } = message.target
  const topic = await tx.topics.topic({ account, region }, name)
  if (!topic) throw new DeliveryRefused('RESOURCE_NOT_FOUND')
  demandAdmitted(topic.policy.bound, { action: 'SNS:Publish', arn: topic.arn }, message)
  await publish(tx, topic, { message: message.text }, { keyring, random, now: clock.now() })
}
