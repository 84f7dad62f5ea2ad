import type { Migration } from './migration.ts'

/** What each node was last told to be kept at. */
export const desired: Migration = {
  number: 18,
  name: 'desired',
  up: ({ integer, text, end }) => [
    `create table desired_states (
      account ${text} not null,
      region ${text} not null,
      node_id ${text} not null,
      generation ${integer} not null,
      digest ${text} not null,
      primary key (account, region, node_id)
    )${end}`,
  ],
}
