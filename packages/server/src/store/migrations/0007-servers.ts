import type { Migration } from './migration.ts'

/**
 * What several servers on one database need of each other: who lives, whose lane is whose, and what changed.
 * Terms are kept by lane, so that two lanes which meet the same term in one second do not wait for each other.
 */
export const servers: Migration = {
  number: 7,
  name: 'servers',
  up: ({ integer, text, end, endUpdated }) => [
    `create table servers (
      account ${text} not null,
      region ${text} not null,
      id ${text} not null,
      seen_at ${integer} not null,
      ended_at ${integer},
      primary key (account, region, id)
    )${endUpdated}`,
    `alter table trail_lanes add column server_id ${text}`,
    'create index trail_lanes_server on trail_lanes (account, region, server_id)',
    `create table locks (
      account ${text} not null,
      region ${text} not null,
      name ${text} not null,
      primary key (account, region, name)
    )${end}`,
    `create table topic_revisions (
      account ${text} not null,
      region ${text} not null,
      topic ${text} not null,
      lane ${integer} not null,
      revision ${integer} not null,
      primary key (account, region, topic, lane)
    )${endUpdated}`,
    'alter table trail_terms rename to trail_terms_before',
    `create table trail_terms (
      account ${text} not null,
      region ${text} not null,
      attribute ${text} not null,
      value ${text} not null,
      bucket ${integer} not null,
      lane ${integer} not null,
      primary key (account, region, attribute, value, bucket, lane)
    )${end && `${end}, without rowid`}`,
    `insert into trail_terms (account, region, attribute, value, bucket, lane)
      select account, region, attribute, value, bucket, 0 from trail_terms_before`,
    'drop table trail_terms_before',
  ],
}
