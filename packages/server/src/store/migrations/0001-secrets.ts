import type { Migration } from './migration.ts'

export const secrets: Migration = {
  number: 1,
  name: 'secrets',
  up: ({ bytes, integer, text, end, endUpdated }) => [
    `create table secrets (
      account ${text} not null,
      region ${text} not null,
      name ${text} not null,
      arn ${text} not null,
      description ${text},
      kms_key_id ${text},
      kms_key_arn ${text},
      labels ${text} not null,
      tags ${text},
      policy ${text},
      policy_bound ${text},
      policy_principals ${text},
      rotation ${text},
      created_at ${integer} not null,
      changed_at ${integer} not null,
      accessed_at ${integer} not null,
      deleted_at ${integer},
      purge_at ${integer},
      primary key (account, region, name)
    )${endUpdated}`,
    'create unique index secrets_arn on secrets (account, region, arn)',
    'create index secrets_created_at on secrets (account, region, created_at, name)',
    `create table secret_versions (
      account ${text} not null,
      region ${text} not null,
      arn ${text} not null,
      version_id ${text} not null,
      kind ${text},
      sealed ${bytes},
      wrapped_key ${bytes},
      kms_key_arn ${text},
      created_at ${integer} not null,
      accessed_at ${integer} not null,
      primary key (account, region, arn, version_id)
    )${end}`,
  ],
}
