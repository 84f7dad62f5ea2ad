import { openToken } from '../notify/confirmation.ts'
import { DeliveryFailure } from '../notify/delivery-failure.ts'
import {
  effectivePolicy,
  LAMBDA_RETRIES,
  MAIL_RETRIES,
  type RetryPolicy,
  retryDelaySeconds,
} from '../notify/delivery-policy.ts'
import { type Envelope, shownAttributes } from '../notify/http-message.ts'
import { confirmLink, unsubscribeLink } from '../notify/links.ts'
import { openMessage } from '../notify/notice.ts'
import { subscriptionArn } from '../notify/subscription-arn.ts'
import { questionSentence, textFor } from '../notify/texts.ts'
import type { ClaimedJob } from '../store/jobs.ts'
import type { Notice } from '../store/notices.ts'
import type { Writers } from '../store/store.ts'
import type { Subscription, Topic } from '../store/topics.ts'
import type { TrailEntry } from '../store/trail.ts'
import { serviceTrailEntry } from '../trail/event.ts'
import { newEventId } from '../trail/event-id.ts'
import { ClaimLost, type JobRooms, type RunJob } from './job.ts'

/** Dead letters of an account and region that are kept. */
const DEAD_LETTERS_KEPT = 1_000

/** A function that throws is run twice more, as Lambda runs what it was given asynchronously. */
const FUNCTION_ATTEMPTS = 3

/** Counts ended deliveries by protocol and by how they ended; `failed` is one that was given up. */
const ENDED = 'lockstep_notification_deliveries_total'

/** What a job is about, as it stands now. */
interface Found {
  readonly topic: Topic
  readonly subscription: Subscription
  /** Absent for a question whether the subscription is wanted. */
  readonly notice: Notice | undefined
  readonly envelope: Envelope
}

/**
 * Brings one message, or one question, to one subscription. It arrives at least once: twice where the server died
 * between the delivery and the note of it. What fails is tried again as the delivery policy says, and then becomes a
 * dead letter, of which the trail tells.
 */
export const deliverNotification: RunJob = async (job, rooms) => {
  const found = await find(job, rooms)
  if (!found) return end(job, rooms)
  const { topic, subscription, envelope } = found
  const at = rooms.clock.now()
  try {
    await rooms.channels.deliver({ topic, subscription, envelope, at })
  } catch (error) {
    if (!(error instanceof DeliveryFailure)) throw error
    return fail(job, rooms, { ...found, failure: error })
  }
  await end(job, rooms)
  rooms.metrics.count(ENDED, `protocol="${subscription.protocol}",outcome="delivered"`)
}

/** Nothing where the topic, the subscription or the wish for it is gone. */
async function find(
  job: ClaimedJob,
  { store, keyring, clock, channels }: JobRooms,
): Promise<Found | undefined> {
  const { topics, notices } = store.read
  const name = String(job.payload.topic)
  const topic = await topics.topic(job, name)
  const subscription = await topics.subscription(job, name, String(job.payload.subscription))
  if (!topic || !subscription) return undefined
  const { message, question, token } = job.payload
  if (typeof message === 'string') {
    const notice = await notices.notice(job, message)
    if (!notice || subscription.state !== 'confirmed') return undefined
    const published = openMessage(
      keyring,
      { account: job.account, region: job.region },
      message,
      notice.sealed,
    )
    const attributes = shownAttributes(published.attributes ?? {})
    const envelope: Envelope = {
      Type: 'Notification',
      MessageId: message,
      TopicArn: topic.arn,
      ...(published.subject !== undefined && { Subject: published.subject }),
      Message: textFor(published, subscription.protocol),
      Timestamp: notice.publishedAt.toISOString(),
      UnsubscribeURL: unsubscribeLink(channels.endpoint, subscriptionArn(subscription)),
      ...(Object.keys(attributes).length > 0 && { MessageAttributes: attributes }),
    }
    return { topic, subscription, notice, envelope }
  }
  const isWanted = subscription.state === 'pending' && subscription.token
  if (!isWanted || subscription.token.expiresAt <= clock.now()) return undefined
  const opened = openToken(keyring, subscription, String(token))
  const envelope: Envelope = {
    Type: 'SubscriptionConfirmation',
    MessageId: String(question),
    Token: opened,
    TopicArn: topic.arn,
    Message: questionSentence(topic.arn),
    SubscribeURL: confirmLink(channels.endpoint, topic.arn, opened),
    Timestamp: clock.now().toISOString(),
  }
  return { topic, subscription, notice: undefined, envelope }
}

async function end(job: ClaimedJob, { store }: JobRooms): Promise<void> {
  await store.write((tx) => endIn(tx, job))
}

async function endIn(tx: Writers, job: ClaimedJob): Promise<void> {
  if (!(await tx.jobs.done(job))) throw new ClaimLost()
  if (typeof job.payload.message === 'string') await tx.notices.deliveryEnded(job, job.payload.message)
}

async function fail(
  job: ClaimedJob,
  { store, clock, random, metrics }: JobRooms,
  failed: Found & { readonly failure: DeliveryFailure },
): Promise<void> {
  const now = clock.now()
  const { failure, subscription, notice, envelope } = failed
  const delaySeconds = failure.permanent ? undefined : delayOf(failed, job.attempts)
  await store.write(async (tx) => {
    if (delaySeconds !== undefined) {
      return tx.jobs.fail(job, new Date(now.getTime() + delaySeconds * 1000), failure.reason)
    }
    await endIn(tx, job)
    await tx.notices.addDeadLetter(
      {
        account: job.account,
        region: job.region,
        id: random.uuid(),
        topic: subscription.topic,
        subscriptionArn: subscriptionArn(subscription),
        protocol: subscription.protocol,
        endpoint: subscription.endpoint,
        messageId: envelope.MessageId,
        sealed: notice?.sealed,
        attempts: job.attempts,
        reason: failure.reason,
        failedAt: now,
      },
      DEAD_LETTERS_KEPT,
    )
    // Not offered to the rules: one that tells this very topic would go round for ever.
    await tx.trail.append(failureEvent(job, failed, newEventId(now, random), now))
  })
  if (delaySeconds === undefined) metrics.count(ENDED, `protocol="${subscription.protocol}",outcome="failed"`)
}

function delayOf(
  { topic, subscription, failure }: Found & { readonly failure: DeliveryFailure },
  attempts: number,
): number | undefined {
  if (failure.reason === 'function-failed' && attempts >= FUNCTION_ATTEMPTS) return undefined
  return retryDelaySeconds(retriesOf(topic, subscription), attempts)
}

function retriesOf(topic: Topic, { protocol, attributes }: Subscription): RetryPolicy {
  switch (protocol) {
    case 'http':
    case 'https':
      return effectivePolicy(topic.attributes.DeliveryPolicy, attributes.DeliveryPolicy).retries
    case 'email':
    case 'email-json':
      return MAIL_RETRIES
    case 'lambda':
      return LAMBDA_RETRIES
  }
}

/**
 * DIVERGENCE: AWS puts what it gives up into an SQS queue, if the subscription names one, and else drops it. We
 * speak no SQS: the trail has this event for each, which LookupEvents finds, and the last 1,000 of an account and
 * region are kept with their messages. The endpoint is not told: a webhook's address is a capability.
 */
function failureEvent(
  job: ClaimedJob,
  { topic, subscription, envelope, failure }: Found & { readonly failure: DeliveryFailure },
  eventId: string,
  at: Date,
): TrailEntry {
  const { account, region } = job
  return serviceTrailEntry({
    account,
    region,
    eventId,
    at,
    source: 'sns.amazonaws.com',
    name: 'NotificationDeliveryFailed',
    resources: [{ account, arn: topic.arn, type: 'AWS::SNS::Topic' }],
    additional: {
      subscriptionArn: subscriptionArn(subscription),
      protocol: subscription.protocol,
      messageId: envelope.MessageId,
      messageType: envelope.Type,
      attempts: job.attempts,
      reason: failure.reason,
    },
  })
}
