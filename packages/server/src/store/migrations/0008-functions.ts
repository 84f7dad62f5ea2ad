import type { Migration } from './migration.ts'

/** Lambda's functions, and their zips in parts of their own table, so that no list and no lookup reads one. */
export const functions: Migration = {
  number: 8,
  name: 'functions',
  up: ({ bytes, integer, text, end }) => [
    `create table functions (
      account ${text} not null,
      region ${text} not null,
      name ${text} not null,
      arn ${text} not null,
      description ${text} not null,
      runtime ${text} not null,
      handler ${text} not null,
      role_arn ${text} not null,
      timeout_seconds ${integer} not null,
      memory_mb ${integer} not null,
      sealed_environment ${bytes},
      code_kind ${text} not null,
      code_sha256 ${text},
      code_size_bytes ${integer},
      code_path ${text},
      policy ${text},
      policy_bound ${text},
      policy_principals ${text},
      tags ${text},
      revision_id ${text} not null,
      created_at ${integer} not null,
      modified_at ${integer} not null,
      primary key (account, region, name)
    )${end}`,
    `create table function_zip_parts (
      account ${text} not null,
      region ${text} not null,
      name ${text} not null,
      part ${integer} not null,
      bytes ${bytes} not null,
      primary key (account, region, name, part)
    )${end}`,
  ],
}
