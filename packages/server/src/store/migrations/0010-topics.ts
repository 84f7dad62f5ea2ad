import type { Migration } from './migration.ts'

/** SNS topics and their subscriptions, what waits for delivery, what could not be delivered, and who signs it. */
export const topics: Migration = {
  number: 10,
  name: 'topics',
  up: ({ bytes, integer, text, end, endUpdated }) => [
    `create table sns_topics (
       account ${text} not null,
       region ${text} not null,
       name ${text} not null,
       arn ${text} not null,
       attributes ${text} not null,
       policy ${text} not null,
       policy_bound ${text} not null,
       policy_principals ${text} not null,
       tags ${text} not null,
       created_at ${integer} not null,
       subscriptions_deleted ${integer} not null,
       primary key (account, region, name)
     )${end}`,
    `create table sns_subscriptions (
       account ${text} not null,
       region ${text} not null,
       topic ${text} not null,
       id ${text} not null,
       owner ${text} not null,
       protocol ${text} not null,
       endpoint ${text} not null,
       attributes ${text} not null,
       state ${text} not null,
       authenticated_unsubscribe ${integer} not null,
       token_hash ${bytes},
       token_expires_at ${integer},
       created_at ${integer} not null,
       primary key (account, region, topic, id)
     )${end}`,
    `create unique index sns_subscriptions_of_endpoint
       on sns_subscriptions (account, region, topic, protocol, endpoint)`,
    // Whoever subscribes to another account's topic lists what he subscribed to.
    'create index sns_subscriptions_of_owner on sns_subscriptions (owner, region, account, topic, id)',
    `create table sns_notices (
       account ${text} not null,
       region ${text} not null,
       id ${text} not null,
       sealed ${bytes} not null,
       published_at ${integer} not null,
       pending ${integer} not null,
       primary key (account, region, id)
     )${endUpdated}`,
    `create table sns_dead_letters (
       account ${text} not null,
       region ${text} not null,
       id ${text} not null,
       topic ${text} not null,
       subscription_arn ${text} not null,
       protocol ${text} not null,
       endpoint ${text} not null,
       message_id ${text} not null,
       sealed ${bytes},
       attempts ${integer} not null,
       reason ${text} not null,
       failed_at ${integer} not null,
       primary key (account, region, id)
     )${end}`,
    'create index sns_dead_letters_by_age on sns_dead_letters (account, region, failed_at, id)',
    `create table sns_signers (
       account ${text} not null,
       region ${text} not null,
       id ${text} not null,
       sealed_key ${bytes} not null,
       certificate ${text} not null,
       expires_at ${integer} not null,
       primary key (account, region, id)
     )${end}`,
  ],
}
