import type { Migration } from './migration.ts'

/** What is delivered out of the house: trails as CloudTrail has them, how far each is, and the digests' chain. */
export const trails: Migration = {
  number: 12,
  name: 'trails',
  up: ({ bytes, integer, text, end, endUpdated }) => [
    `create table delivery_trails (
       account ${text} not null,
       region ${text} not null,
       name ${text} not null,
       id ${text} not null,
       settings ${text} not null,
       tags ${text} not null,
       started_at ${integer},
       stopped_at ${integer},
       primary key (account, region, name)
     )${endUpdated}`,
    `create table delivery_states (
       account ${text} not null,
       region ${text} not null,
       trail_id ${text} not null,
       revision ${integer} not null,
       state ${text} not null,
       primary key (account, region, trail_id)
     )${endUpdated}`,
    `create table delivery_reports (
       account ${text} not null,
       region ${text} not null,
       trail_id ${text} not null,
       report ${text} not null,
       primary key (account, region, trail_id)
     )${endUpdated}`,
    // Files that no digest names yet.
    `create table delivery_files (
       account ${text} not null,
       region ${text} not null,
       trail_id ${text} not null,
       log_region ${text} not null,
       object ${text} not null,
       bucket ${text} not null,
       hash ${text} not null,
       oldest_at ${integer} not null,
       newest_at ${integer} not null,
       primary key (account, region, trail_id, object)
     )${end}`,
    // The last digest of each chain.
    `create table delivery_digests (
       account ${text} not null,
       region ${text} not null,
       trail_id ${text} not null,
       log_region ${text} not null,
       bucket ${text} not null,
       object ${text} not null,
       hash ${text} not null,
       signature ${text} not null,
       primary key (account, region, trail_id, log_region)
     )${endUpdated}`,
    `create table delivery_keys (
       account ${text} not null,
       region ${text} not null,
       public_key ${bytes} not null,
       sealed_private_key ${bytes} not null,
       created_at ${integer} not null,
       primary key (account, region)
     )${end}`,
  ],
}
