import type { Migration } from './migration.ts'

/** Machines, what admits them, and their tags once more where they can be looked up. */
export const nodes: Migration = {
  number: 14,
  name: 'nodes',
  up: ({ integer, text, end, endUpdated }) => [
    `create table activations (
      account ${text} not null,
      region ${text} not null,
      id ${text} not null,
      code_digest ${text} not null,
      description ${text},
      default_name ${text},
      iam_role ${text} not null,
      registration_limit ${integer} not null,
      registrations ${integer} not null,
      expires_at ${integer} not null,
      tags ${text} not null,
      readmits ${integer} not null,
      created_at ${integer} not null,
      primary key (account, region, id)
    )${end}`,
    `create table nodes (
      account ${text} not null,
      region ${text} not null,
      id ${text} not null,
      state ${text} not null,
      activation_id ${text} not null,
      name ${text},
      iam_role ${text} not null,
      public_key ${text},
      machine_id ${text} not null,
      facts ${text} not null,
      host_keys ${text} not null,
      tags ${text} not null,
      registered_at ${integer} not null,
      last_seen_at ${integer} not null,
      primary key (account, region, id)
    )${endUpdated}`,
    'create index nodes_of_machine on nodes (account, region, machine_id)',
    `create table node_tags (
      account ${text} not null,
      region ${text} not null,
      key ${text} not null,
      value ${text} not null,
      node_id ${text} not null,
      primary key (account, region, key, value, node_id)
    )${end}`,
    'create index node_tags_of_node on node_tags (account, region, node_id)',
  ],
}
