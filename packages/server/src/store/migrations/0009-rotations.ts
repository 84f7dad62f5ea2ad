import type { Migration } from './migration.ts'

/** Jobs are looked for by group of kinds, and a secret on a schedule always has one that waits. */
export const rotations: Migration = {
  number: 9,
  name: 'rotations',
  up: () => ['create index jobs_due_of_kind on jobs (kind, run_at)', 'drop index jobs_due'],
}
