import type { Subscription, SubscriptionProtocol, Topic } from '../topics.ts'

export interface TopicRow {
  account: string
  region: string
  name: string
  arn: string
  attributes: string
  policy: string
  policy_bound: string
  policy_principals: string
  tags: string
  created_at: number
  subscriptions_deleted: number
}

export interface SubscriptionRow {
  account: string
  region: string
  topic: string
  id: string
  owner: string
  protocol: string
  endpoint: string
  attributes: string
  state: string
  authenticated_unsubscribe: number
  token_hash: Uint8Array | null
  token_expires_at: number | null
  created_at: number
}

export function topicOf(row: TopicRow): Topic {
  return {
    account: row.account,
    region: row.region,
    name: row.name,
    arn: row.arn,
    attributes: JSON.parse(row.attributes) as Record<string, string>,
    policy: {
      document: row.policy,
      bound: row.policy_bound,
      principals: JSON.parse(row.policy_principals) as Record<string, string>,
    },
    tags: JSON.parse(row.tags) as Record<string, string>,
    createdAt: new Date(row.created_at),
    subscriptionsDeleted: row.subscriptions_deleted,
  }
}

export function subscriptionOf(row: SubscriptionRow): Subscription {
  const { token_hash: hash, token_expires_at: expiresAt } = row
  return {
    account: row.account,
    region: row.region,
    topic: row.topic,
    id: row.id,
    owner: row.owner,
    protocol: row.protocol as SubscriptionProtocol,
    endpoint: row.endpoint,
    attributes: JSON.parse(row.attributes) as Record<string, string>,
    state: row.state as Subscription['state'],
    authenticatedUnsubscribe: row.authenticated_unsubscribe === 1,
    token: hash === null || expiresAt === null ? undefined : { hash, expiresAt: new Date(expiresAt) },
    createdAt: new Date(row.created_at),
  }
}
