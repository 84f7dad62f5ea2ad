import type { Migration } from './migration.ts'

export const installation: Migration = {
  number: 6,
  name: 'installation',
  up: ({ bytes, integer, text, end }) => [
    `create table installation_facts (
       account ${text} not null,
       region ${text} not null,
       name ${text} not null,
       value ${text} not null,
       primary key (account, region, name)
     )${end}`,
    `create table keyring_generations (
       account ${text} not null,
       region ${text} not null,
       generation ${integer} not null,
       wrapped ${bytes} not null,
       root_key_id ${text} not null,
       created_at ${integer} not null,
       primary key (account, region, generation)
     )${end}`,
  ],
}
