import type { Migration } from './migration.ts'

/** KMS keys, the generations of their material, aliases and grants. */
export const keys: Migration = {
  number: 2,
  name: 'keys',
  up: ({ bytes, integer, text, end }) => [
    `create table kms_keys (
       account ${text} not null,
       region ${text} not null,
       id ${text} not null,
       description ${text} not null,
       state ${text} not null,
       manager ${text} not null,
       policy ${text} not null,
       policy_bound ${text} not null,
       policy_principals ${text} not null,
       tags ${text} not null,
       created_at ${integer} not null,
       delete_at ${integer},
       rotation_days ${integer},
       rotate_at ${integer},
       generation ${integer} not null,
       material_id ${text} not null,
       primary key (account, region, id)
     )${end}`,
    `create table kms_materials (
       account ${text} not null,
       region ${text} not null,
       key_id ${text} not null,
       generation ${integer} not null,
       id ${text} not null,
       sealed ${bytes} not null,
       cause ${text} not null,
       created_at ${integer} not null,
       primary key (account, region, key_id, generation)
     )${end}`,
    `create table kms_aliases (
       account ${text} not null,
       region ${text} not null,
       name ${text} not null,
       key_id ${text} not null,
       created_at ${integer} not null,
       updated_at ${integer} not null,
       primary key (account, region, name)
     )${end}`,
    'create index kms_aliases_of_key on kms_aliases (account, region, key_id, name)',
    `create table kms_grants (
       account ${text} not null,
       region ${text} not null,
       key_id ${text} not null,
       id ${text} not null,
       name ${text},
       grantee ${text} not null,
       grantee_id ${text} not null,
       retiring ${text},
       retiring_id ${text},
       operations ${text} not null,
       constraints ${text} not null,
       issuer ${text} not null,
       created_at ${integer} not null,
       primary key (account, region, key_id, id)
     )${end}`,
    'create index kms_grants_of_grantee on kms_grants (account, region, key_id, grantee_id)',
    // Who may retire is asked across accounts: a grant's retiring principal need not be of the key's.
    'create index kms_grants_of_retiring on kms_grants (region, retiring_id, id)',
  ],
}
