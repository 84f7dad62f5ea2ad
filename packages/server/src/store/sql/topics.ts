import type { Place } from '../store.ts'
import type {
  Subscription,
  SubscriptionCounts,
  SubscriptionProtocol,
  Topic,
  TopicPage,
  TopicWriter,
} from '../topics.ts'
import type { Sql, SqlValue } from './sql.ts'
import { type SubscriptionRow, subscriptionOf, type TopicRow, topicOf } from './topic-rows.ts'

export interface TopicTables {
  sns_topics: TopicRow
  sns_subscriptions: SubscriptionRow
}

const ONE_TOPIC = 'where account = ? and region = ? and name = ?'
const OF_TOPIC = 'where account = ? and region = ? and topic = ?'

/** The values of {@link ONE_TOPIC} and {@link OF_TOPIC}. */
function at({ account, region }: Place, name: string): [string, string, string] {
  return [account, region, name]
}

export class SqlTopics implements TopicWriter {
  readonly #sql: Sql

  constructor(sql: Sql) {
    this.#sql = sql
  }

  async topic(place: Place, name: string): Promise<Topic | undefined> {
    const row = await this.#sql.row<TopicRow>(`select * from sns_topics ${ONE_TOPIC}`, ...at(place, name))
    return row && topicOf(row)
  }

  async holdTopic(place: Place, name: string): Promise<Topic | undefined> {
    const text = `select * from sns_topics ${ONE_TOPIC}${this.#sql.locking}`
    const row = await this.#sql.row<TopicRow>(text, ...at(place, name))
    return row && topicOf(row)
  }

  async topics(place: Place, { after = '', limit }: TopicPage): Promise<readonly Topic[]> {
    const text =
      'select * from sns_topics where account = ? and region = ? and name > ? order by name limit ?'
    const rows = await this.#sql.rows<TopicRow>(text, ...at(place, after), limit)
    return rows.map(topicOf)
  }

  async topicCount({ account, region }: Place): Promise<number> {
    const text = 'select count(*) as count from sns_topics where account = ? and region = ?'
    const row = await this.#sql.row<{ count: number }>(text, account, region)
    return Number(row?.count ?? 0)
  }

  async addTopic(topic: Topic): Promise<boolean> {
    const added = await this.#sql.run(
      `insert into sns_topics (account, region, name, arn, created_at, subscriptions_deleted,
         attributes, policy, policy_bound, policy_principals, tags)
       values (?, ?, ?, ?, ?, 0, ?, ?, ?, ?, ?)
       on conflict (account, region, name) do nothing`,
      ...at(topic, topic.name),
      topic.arn,
      topic.createdAt.getTime(),
      ...settingsOf(topic),
    )
    return added === 1
  }

  async saveTopic(topic: Topic): Promise<void> {
    await this.#sql.run(
      `update sns_topics set attributes = ?, policy = ?, policy_bound = ?, policy_principals = ?, tags = ?
       ${ONE_TOPIC}`,
      ...settingsOf(topic),
      ...at(topic, topic.name),
    )
  }

  async removeTopic(topic: Topic): Promise<void> {
    await this.#sql.run(`delete from sns_topics ${ONE_TOPIC}`, ...at(topic, topic.name))
    await this.#sql.run(`delete from sns_subscriptions ${OF_TOPIC}`, ...at(topic, topic.name))
  }

  subscription(place: Place, topic: string, id: string): Promise<Subscription | undefined> {
    return this.#subscription(`${OF_TOPIC} and id = ?`, ...at(place, topic), id)
  }

  holdSubscription(place: Place, topic: string, id: string): Promise<Subscription | undefined> {
    return this.#subscription(`${OF_TOPIC} and id = ?${this.#sql.locking}`, ...at(place, topic), id)
  }

  subscriptionOf(
    topic: Topic,
    protocol: SubscriptionProtocol,
    endpoint: string,
  ): Promise<Subscription | undefined> {
    const which = `${OF_TOPIC} and protocol = ? and endpoint = ?`
    return this.#subscription(which, ...at(topic, topic.name), protocol, endpoint)
  }

  async subscriptions(topic: Topic, { after = '', limit }: TopicPage): Promise<readonly Subscription[]> {
    const text = `select * from sns_subscriptions ${OF_TOPIC} and id > ? order by id limit ?`
    const rows = await this.#sql.rows<SubscriptionRow>(text, ...at(topic, topic.name), after, limit)
    return rows.map(subscriptionOf)
  }

  async subscriptionsOfOwner(
    { account: owner, region }: Place,
    { after, limit }: TopicPage,
  ): Promise<readonly Subscription[]> {
    const [account = '', topic = '', id = ''] = after?.split('/') ?? []
    const rows = await this.#sql.rows<SubscriptionRow>(
      `select * from sns_subscriptions where owner = ? and region = ? and (account, topic, id) > (?, ?, ?)
       order by account, topic, id limit ?`,
      ...[owner, region, account, topic, id, limit],
    )
    return rows.map(subscriptionOf)
  }

  async counts(topic: Topic): Promise<SubscriptionCounts> {
    const text = `select state, count(*) as count from sns_subscriptions ${OF_TOPIC} group by state`
    const rows = await this.#sql.rows<{ state: string; count: number }>(text, ...at(topic, topic.name))
    const of = (state: string) => Number(rows.find((row) => row.state === state)?.count ?? 0)
    return { confirmed: of('confirmed'), pending: of('pending') }
  }

  async addSubscription(subscription: Subscription): Promise<void> {
    const { topic, id, owner, protocol, endpoint, createdAt } = subscription
    await this.#sql.run(
      `insert into sns_subscriptions (account, region, topic, id, owner, protocol, endpoint, created_at,
         attributes, state, authenticated_unsubscribe, token_hash, token_expires_at)
       values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
      ...[...at(subscription, topic), id, owner, protocol, endpoint, createdAt.getTime()],
      ...changeable(subscription),
    )
  }

  async saveSubscription(subscription: Subscription): Promise<void> {
    await this.#sql.run(
      `update sns_subscriptions set attributes = ?, state = ?, authenticated_unsubscribe = ?, token_hash = ?,
         token_expires_at = ? ${OF_TOPIC} and id = ?`,
      ...changeable(subscription),
      ...at(subscription, subscription.topic),
      subscription.id,
    )
  }

  async removeSubscription(subscription: Subscription): Promise<void> {
    const place = at(subscription, subscription.topic)
    const text = `delete from sns_subscriptions ${OF_TOPIC} and id = ?`
    if ((await this.#sql.run(text, ...place, subscription.id)) === 0) return
    await this.#sql.run(
      `update sns_topics set subscriptions_deleted = subscriptions_deleted + 1 ${ONE_TOPIC}`,
      ...place,
    )
  }

  async #subscription(which: string, ...values: readonly SqlValue[]): Promise<Subscription | undefined> {
    const row = await this.#sql.row<SubscriptionRow>(`select * from sns_subscriptions ${which}`, ...values)
    return row && subscriptionOf(row)
  }
}

/** What {@link SqlTopics.saveTopic} may change, in the order of its columns. */
function settingsOf({ attributes, policy, tags }: Topic): SqlValue[] {
  const { document, bound, principals } = policy
  return [JSON.stringify(attributes), document, bound, JSON.stringify(principals), JSON.stringify(tags)]
}

/** What {@link SqlTopics.saveSubscription} may change, in the order of its columns. */
function changeable({ attributes, state, authenticatedUnsubscribe, token }: Subscription): SqlValue[] {
  const isAuthenticated = authenticatedUnsubscribe ? 1 : 0
  const expiresAt = token?.expiresAt.getTime() ?? null
  return [JSON.stringify(attributes), state, isAuthenticated, token?.hash ?? null, expiresAt]
}
