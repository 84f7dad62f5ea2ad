import type { Migration } from './migration.ts'

export const jobs: Migration = {
  number: 5,
  name: 'jobs',
  up: ({ integer, text, endUpdated }) => [
    `create table jobs (
       account ${text} not null,
       region ${text} not null,
       kind ${text} not null,
       key ${text} not null,
       id ${text} not null,
       run_at ${integer} not null,
       payload ${text} not null,
       attempts ${integer} not null,
       claimed_by ${text},
       last_error ${text},
       primary key (account, region, kind, key)
     )${endUpdated}`,
    'create index jobs_due on jobs (run_at)',
  ],
}
