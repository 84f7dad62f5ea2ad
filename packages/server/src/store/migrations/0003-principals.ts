import type { Migration } from './migration.ts'

export const principals: Migration = {
  number: 3,
  name: 'principals',
  up: ({ bytes, integer, text, end, endUpdated }) => [
    `create table accounts (
      account ${text} not null,
      region ${text} not null,
      alias ${text},
      created_at ${integer} not null,
      primary key (account, region)
    )${end}`,
    'create unique index accounts_alias on accounts (alias)',
    // Users, groups, roles and managed policies; what only one kind has is in body, JSON.
    `create table iam_entities (
      account ${text} not null,
      region ${text} not null,
      id ${text} not null,
      kind ${text} not null,
      name ${text} not null,
      name_key ${text} not null,
      path ${text} not null,
      boundary_arn ${text},
      created_at ${integer} not null,
      body ${text} not null,
      primary key (account, region, id)
    )${end}`,
    'create unique index iam_entities_name on iam_entities (account, region, kind, name_key)',
    'create index iam_entities_boundary on iam_entities (account, region, boundary_arn)',
    `create table iam_policy_versions (
      account ${text} not null,
      region ${text} not null,
      policy_id ${text} not null,
      number ${integer} not null,
      document ${text} not null,
      created_at ${integer} not null,
      primary key (account, region, policy_id, number)
    )${end}`,
    `create table iam_inline_policies (
      account ${text} not null,
      region ${text} not null,
      owner_id ${text} not null,
      name ${text} not null,
      document ${text} not null,
      primary key (account, region, owner_id, name)
    )${end}`,
    `create table iam_attachments (
      account ${text} not null,
      region ${text} not null,
      owner_id ${text} not null,
      owner_kind ${text} not null,
      policy_arn ${text} not null,
      primary key (account, region, owner_id, policy_arn)
    )${end}`,
    'create index iam_attachments_policy on iam_attachments (account, region, policy_arn)',
    `create table iam_memberships (
      account ${text} not null,
      region ${text} not null,
      user_id ${text} not null,
      group_id ${text} not null,
      primary key (account, region, user_id, group_id)
    )${end}`,
    'create index iam_memberships_group on iam_memberships (account, region, group_id)',
    `create table iam_access_keys (
      account ${text} not null,
      region ${text} not null,
      id ${text} not null,
      owner_id ${text} not null,
      sealed_secret ${bytes} not null,
      active ${integer} not null,
      created_at ${integer} not null,
      primary key (account, region, id)
    )${end}`,
    'create unique index iam_access_keys_id on iam_access_keys (id)',
    'create index iam_access_keys_owner on iam_access_keys (account, region, owner_id)',
    `create table iam_last_uses (
      account ${text} not null,
      region ${text} not null,
      id ${text} not null,
      used_at ${integer} not null,
      used_region ${text} not null,
      used_service ${text} not null,
      primary key (account, region, id)
    )${endUpdated}`,
  ],
}
