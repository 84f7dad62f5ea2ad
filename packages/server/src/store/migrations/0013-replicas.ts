import type { Migration } from './migration.ts'

/** A primary's list of replica regions, and a replica's way back to its primary. */
export const replicas: Migration = {
  number: 13,
  name: 'replicas',
  up: ({ text }) => [
    `alter table secrets add column replicas ${text}`,
    `alter table secrets add column primary_region ${text}`,
  ],
}
