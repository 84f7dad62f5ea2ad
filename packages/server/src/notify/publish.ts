import type { Keyring } from '../keyring/keyring.ts'
import type { Random } from '../platform/random.ts'
import type { Writers } from '../store/store.ts'
import type { Subscription, Topic } from '../store/topics.ts'
import { matches, parseFilterPolicy } from './filter-policy.ts'
import { type Message, sealMessage } from './notice.ts'

/** The kind of job that brings one message, or one question for confirmation, to one subscription. */
export const DELIVER_NOTIFICATION = 'deliver-notification'

/**
 * How many subscriptions a topic has at most.
 *
 * DIVERGENCE: AWS allows 12.5 million; a publication queues its deliveries in one transaction with whatever it
 * tells of, so that none is lost, and we keep that transaction small.
 */
export const MAX_SUBSCRIPTIONS = 1_000

export interface PublishDoors {
  readonly random: Random
  readonly keyring: Keyring
  readonly now: Date
}

/**
 * Publishes to a topic: queues one delivery for each confirmed subscription whose filter policy lets the message
 * through, in the caller's transaction, so that they happen if and only if that commits. The caller has asked
 * whether he may: a principal by `SNS:Publish`, a service by `admitsService`.
 *
 * @returns the MessageId
 */
export async function publish(
  tx: Pick<Writers, 'topics' | 'notices' | 'jobs'>,
  topic: Topic,
  message: Message,
  { random, keyring, now }: PublishDoors,
): Promise<string> {
  const id = random.uuid()
  const { account, region } = topic
  const subscriptions = await tx.topics.subscriptions(topic, { limit: MAX_SUBSCRIPTIONS })
  const reached = subscriptions.filter(
    (subscription) => subscription.state === 'confirmed' && lets(subscription, message),
  )
  if (reached.length === 0) return id
  const sealed = sealMessage(keyring, topic, id, message)
  await tx.notices.addNotice({ account, region, id, sealed, publishedAt: now, pending: reached.length })
  for (const subscription of reached) {
    await tx.jobs.queue({
      account,
      region,
      id: random.uuid(),
      kind: DELIVER_NOTIFICATION,
      key: `${id}/${subscription.id}`,
      runAt: now,
      payload: { topic: topic.name, subscription: subscription.id, message: id },
    })
  }
  return id
}

/** Whether a subscription's filter policy, if it has one, lets the message through. */
function lets({ attributes }: Subscription, message: Message): boolean {
  const { FilterPolicy: text, FilterPolicyScope: scope } = attributes
  if (text === undefined) return true
  return matches(parseFilterPolicy(text, scope === 'MessageBody' ? scope : 'MessageAttributes'), message)
}
