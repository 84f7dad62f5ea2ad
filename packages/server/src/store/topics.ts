import type { BoundPolicy } from './bound-policy.ts'
import type { Place } from './store.ts'

/** An SNS topic. Its place and name are its ARN. */
export interface Topic extends Place {
  readonly name: string
  readonly arn: string
  /** As SetTopicAttributes names them, such as DisplayName; those of a fixed value are not kept. */
  readonly attributes: Readonly<Record<string, string>>
  /** Who may do what with it besides what identity policies allow. Never absent: AWS makes one with the topic. */
  readonly policy: BoundPolicy
  readonly tags: Readonly<Record<string, string>>
  readonly createdAt: Date
  /** How many subscriptions it has lost. */
  readonly subscriptionsDeleted: number
}

/** How a subscription is reached. */
export type SubscriptionProtocol = 'http' | 'https' | 'email' | 'email-json' | 'lambda'

/** Who is told what a topic says. Lies in the topic's place, whoever owns it. */
export interface Subscription extends Place {
  /** The topic's name. */
  readonly topic: string
  /** A UUID; the subscription's ARN is the topic's with this behind it. */
  readonly id: string
  /** The account that subscribed. */
  readonly owner: string
  readonly protocol: SubscriptionProtocol
  readonly endpoint: string
  /** As SetSubscriptionAttributes names them, such as FilterPolicy. */
  readonly attributes: Readonly<Record<string, string>>
  /** Nothing is delivered to one that is pending but the question whether it is wanted. */
  readonly state: 'pending' | 'confirmed'
  /** Whoever holds the ARN alone cannot end it. */
  readonly authenticatedUnsubscribe: boolean
  /** What confirms it, for as long as that does. */
  readonly token: { readonly hash: Uint8Array; readonly expiresAt: Date } | undefined
  readonly createdAt: Date
}

/** A page of a list, from behind `after`. */
export interface TopicPage {
  readonly after?: string | undefined
  readonly limit: number
}

export interface SubscriptionCounts {
  readonly confirmed: number
  readonly pending: number
}

export interface TopicReader {
  topic(place: Place, name: string): Promise<Topic | undefined>
  /** By name. */
  topics(place: Place, page: TopicPage): Promise<readonly Topic[]>
  topicCount(place: Place): Promise<number>
  subscription(place: Place, topic: string, id: string): Promise<Subscription | undefined>
  /** The topic's one subscription of this endpoint. */
  subscriptionOf(
    topic: Topic,
    protocol: SubscriptionProtocol,
    endpoint: string,
  ): Promise<Subscription | undefined>
  /** A topic's, by id. */
  subscriptions(topic: Topic, page: TopicPage): Promise<readonly Subscription[]>
  /** What an account subscribed to in a region, by {@link positionOf}. */
  subscriptionsOfOwner(owner: Place, page: TopicPage): Promise<readonly Subscription[]>
  counts(topic: Topic): Promise<SubscriptionCounts>
}

export interface TopicWriter extends TopicReader {
  /** Reads a topic and holds it: others that hold it wait until this transaction ends. */
  holdTopic(place: Place, name: string): Promise<Topic | undefined>
  /** Answers false where the name is taken. */
  addTopic(topic: Topic): Promise<boolean>
  /** Writes attributes, policy and tags. */
  saveTopic(topic: Topic): Promise<void>
  /** Removes a topic and its subscriptions. */
  removeTopic(topic: Topic): Promise<void>
  /** Reads a subscription and holds it. */
  holdSubscription(place: Place, topic: string, id: string): Promise<Subscription | undefined>
  /** Adds one whose endpoint the topic does not have yet: hold the topic, and look. */
  addSubscription(subscription: Subscription): Promise<void>
  /** Writes all but the topic, the id, the owner and the endpoint. */
  saveSubscription(subscription: Subscription): Promise<void>
  removeSubscription(subscription: Subscription): Promise<void>
}

/** Where a subscription stands in the list of its owner's. */
export function positionOf({ account, topic, id }: Pick<Subscription, 'account' | 'topic' | 'id'>): string {
  return `${account}/${topic}/${id}`
}
