import type { Migration } from './migration.ts'

/** The rules of the default event bus, and their targets. */
export const rules: Migration = {
  number: 11,
  name: 'rules',
  up: ({ integer, text, end }) => [
    `create table event_rules (
       account ${text} not null,
       region ${text} not null,
       name ${text} not null,
       pattern ${text},
       schedule ${text},
       scheduled_from ${integer} not null,
       state ${text} not null,
       description ${text},
       role_arn ${text},
       tags ${text} not null,
       primary key (account, region, name)
     )${end}`,
    `create table event_targets (
       account ${text} not null,
       region ${text} not null,
       rule ${text} not null,
       id ${text} not null,
       arn ${text} not null,
       settings ${text} not null,
       primary key (account, region, rule, id)
     )${end}`,
    'create index event_targets_by_arn on event_targets (account, region, arn, rule)',
  ],
}
