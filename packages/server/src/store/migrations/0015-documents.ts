import type { Migration } from './migration.ts'

/** SSM documents and their versions. */
export const documents: Migration = {
  number: 15,
  name: 'documents',
  up: ({ integer, text, end }) => [
    `create table ssm_documents (
      account ${text} not null,
      region ${text} not null,
      name ${text} not null,
      default_version ${integer} not null,
      latest_version ${integer} not null,
      tags ${text} not null,
      created_at ${integer} not null,
      primary key (account, region, name)
    )${end}`,
    `create table ssm_document_versions (
      account ${text} not null,
      region ${text} not null,
      name ${text} not null,
      number ${integer} not null,
      version_name ${text},
      display_name ${text},
      target_type ${text},
      format ${text} not null,
      content ${text} not null,
      schema_version ${text} not null,
      platform_types ${text} not null,
      created_at ${integer} not null,
      primary key (account, region, name, number)
    )${end}`,
  ],
}
