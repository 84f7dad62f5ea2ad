import type { Keyring } from '../keyring/keyring.ts'
import type { Random } from '../platform/random.ts'
import type { ClaimedJob } from '../store/jobs.ts'
import type { Writers } from '../store/store.ts'
import type { Subscription } from '../store/topics.ts'
import { DELIVER_NOTIFICATION } from './publish.ts'
import { subscriptionArn } from './subscription-arn.ts'
import { newToken, TOKEN_SECONDS } from './token.ts'

/** The kind of job that takes away what nobody confirmed in time. */
export const EXPIRE_SUBSCRIPTION = 'expire-subscription'

interface ConfirmationDoors {
  readonly random: Random
  readonly keyring: Keyring
  readonly now: Date
}

/**
 * Asks an endpoint whether it wants to be subscribed, in the caller's transaction: with a new token, which is kept
 * as a hash, and travels to the delivery sealed. A token that was sent before is good no more.
 */
export async function askConfirmation(
  tx: Pick<Writers, 'topics' | 'jobs'>,
  subscription: Subscription,
  { random, keyring, now }: ConfirmationDoors,
): Promise<void> {
  const { account, region, topic, id } = subscription
  const { token, hash } = newToken(id, random)
  const expiresAt = new Date(now.getTime() + TOKEN_SECONDS * 1000)
  await tx.topics.saveSubscription({ ...subscription, token: { hash, expiresAt } })
  const messageId = random.uuid()
  const sealed = keyring.seal('notice', new TextEncoder().encode(token), tokenContext(subscription))
  const place = { account, region }
  await tx.jobs.queue({
    ...place,
    id: random.uuid(),
    kind: DELIVER_NOTIFICATION,
    key: `confirm/${topic}/${id}`,
    runAt: now,
    payload: { topic, subscription: id, question: messageId, token: Buffer.from(sealed).toString('base64') },
  })
  const arn = subscriptionArn(subscription)
  await tx.jobs.queue({
    ...place,
    id: random.uuid(),
    kind: EXPIRE_SUBSCRIPTION,
    key: arn,
    runAt: expiresAt,
    payload: { topic, subscription: id },
  })
}

/** The token that a question carries. */
export function openToken(keyring: Keyring, subscription: Subscription, sealed: string): string {
  using token = keyring.open('notice', Buffer.from(sealed, 'base64'), tokenContext(subscription))
  return token.text()
}

/** Takes away what was not confirmed while it could be. Answers whether there was such a thing. */
export async function expireSubscription(
  tx: Pick<Writers, 'topics'>,
  job: ClaimedJob,
  now: Date,
): Promise<boolean> {
  const { topic, subscription: id } = job.payload
  const held = await tx.topics.holdSubscription(job, String(topic), String(id))
  if (held?.state !== 'pending' || !held.token || held.token.expiresAt > now) return false
  await tx.topics.removeSubscription(held)
  return true
}

function tokenContext({ account, region, topic, id }: Subscription) {
  return { account, region, topic, subscription: id }
}
