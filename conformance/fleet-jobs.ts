/** Jobs that are due at once, on several servers: each is to be run once. */
import { CreateSecretCommand, DeleteSecretCommand } from '@aws-sdk/client-secrets-manager'
import type { Calls } from './fleet-calls.ts'
import type { Worker } from './fleet-writers.ts'
import type { Postgres } from './postgres.ts'

const WINDOW_DAYS = 7
const DAY_MS = 86_400_000
const PREFIX = 'jobs/'

/** Makes secrets and deletes them, which queues the end of each. */
export class JobQueuer implements Worker {
  /** ARNs of those whose deletion was acknowledged. */
  readonly queued = new Set<string>()
  #made = 0

  async step(calls: Calls): Promise<void> {
    const Name = `${PREFIX}${this.#made++}`
    const made = await calls.tried('CreateSecret', ({ secrets }) =>
      secrets.send(new CreateSecretCommand({ Name })),
    )
    if (!made) return
    const deletion = { SecretId: made.ARN, RecoveryWindowInDays: WINDOW_DAYS }
    // Tried again by the SDK after it has happened and its job has run, there is nothing left to delete.
    const deleted = await calls.tried('DeleteSecret', ({ secrets }) =>
      secrets.send(new DeleteSecretCommand(deletion)),
    )
    if (deleted?.ARN) this.queued.add(deleted.ARN)
  }

  async check(): Promise<void> {}
}

/**
 * What the time of the window would do. Also ends the leases of claims, so that a job whose server was killed is
 * claimed again at once, and one that still runs as well.
 */
export async function passTheWindow(postgres: Postgres, database: string): Promise<void> {
  const ms = (WINDOW_DAYS + 1) * DAY_MS
  await postgres.sql(
    // One statement, which sees one instant: a job whose secret's window is not over would end without a purge.
    `with passed as (
       update secrets set purge_at = purge_at - ${ms} where name like '${PREFIX}%' and purge_at is not null)
     update jobs set run_at = run_at - ${ms} where key like '%:secret:${PREFIX}%'`,
    { database },
  )
}

/** How many of them are still in the queue. */
export async function jobsLeft(postgres: Postgres, database: string): Promise<number> {
  const [row] = await postgres.sql<{ n: string }>(
    `select count(*) as n from jobs where key like '%:secret:${PREFIX}%'`,
    { database },
  )
  return Number(row?.n)
}
