import type { Migration } from './migration.ts'

/** State Manager's associations, their versions, their executions, and what nodes reported of those. */
export const associations: Migration = {
  number: 16,
  name: 'associations',
  up: ({ bytes, integer, text, end, endUpdated }) => [
    `create table ssm_associations (
      account ${text} not null,
      region ${text} not null,
      id ${text} not null,
      document ${text} not null,
      version ${integer} not null,
      settings ${text} not null,
      sealed_parameters ${bytes},
      tags ${text} not null,
      execution ${integer} not null,
      created_at ${integer} not null,
      updated_at ${integer} not null,
      primary key (account, region, id)
    )${endUpdated}`,
    'create index ssm_associations_of_document on ssm_associations (account, region, document)',
    `create table ssm_association_versions (
      account ${text} not null,
      region ${text} not null,
      association ${text} not null,
      version ${integer} not null,
      document ${text} not null,
      settings ${text} not null,
      sealed_parameters ${bytes},
      created_at ${integer} not null,
      primary key (account, region, association, version)
    )${end}`,
    `create table ssm_association_executions (
      account ${text} not null,
      region ${text} not null,
      association ${text} not null,
      number ${integer} not null,
      id ${text} not null,
      association_version ${integer} not null,
      created_at ${integer} not null,
      primary key (account, region, association, number)
    )${end}`,
    `create table ssm_association_targets (
      account ${text} not null,
      region ${text} not null,
      association ${text} not null,
      execution ${integer} not null,
      node ${text} not null,
      version ${text} not null,
      status ${text} not null,
      succeeded_steps ${integer} not null,
      failed_steps ${integer} not null,
      timed_out_steps ${integer} not null,
      executed_at ${integer} not null,
      primary key (account, region, association, execution, node)
    )${endUpdated}`,
    'create index ssm_association_targets_of_node on ssm_association_targets (account, region, node)',
  ],
}
