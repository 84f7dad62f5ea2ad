import type { Claim, ClaimedJob, Job, JobWriter, NewJob } from '../jobs.ts'
import type { Place } from '../store.ts'
import type { Sql } from './sql.ts'

export interface JobTables {
  readonly jobs: JobRow
}

interface JobRow {
  readonly account: string
  readonly region: string
  readonly kind: string
  readonly key: string
  readonly id: string
  /** When it may be claimed: its time, the end of the claim it is under, or the next attempt. */
  readonly run_at: number
  readonly payload: string
  readonly attempts: number
  readonly claimed_by: string | null
  readonly last_error: string | null
}

export class SqlJobs implements JobWriter {
  readonly #sql: Sql

  constructor(sql: Sql) {
    this.#sql = sql
  }

  async find(place: Place, kind: string, key: string): Promise<Job | undefined> {
    const row = await this.#sql.row<JobRow>(
      'select * from jobs where account = ? and region = ? and kind = ? and key = ?',
      place.account,
      place.region,
      kind,
      key,
    )
    return row && decode(row)
  }

  async list(place: Place, kind: string): Promise<readonly Job[]> {
    const rows = await this.#sql.rows<JobRow>(
      'select * from jobs where account = ? and region = ? and kind = ? order by key',
      place.account,
      place.region,
      kind,
    )
    return rows.map(decode)
  }

  async nextAt(kinds: readonly string[]): Promise<Date | undefined> {
    // Each kind by itself, so that the index answers at once however many jobs of other kinds wait.
    const firsts = kinds.map(() => 'select min(run_at) as run_at from jobs where kind = ?')
    const row = await this.#sql.row<{ readonly run_at: number | null }>(
      `select min(run_at) as run_at from (${firsts.join(' union all ')}) as firsts`,
      ...kinds,
    )
    return row?.run_at == null ? undefined : new Date(Number(row.run_at))
  }

  async queue(job: NewJob): Promise<void> {
    await this.#sql.run(
      `insert into jobs (account, region, kind, key, id, run_at, payload, attempts)
       values (?, ?, ?, ?, ?, ?, ?, 0)
       on conflict (account, region, kind, key) do update set
         id = excluded.id, run_at = excluded.run_at, payload = excluded.payload,
         attempts = 0, claimed_by = null, last_error = null`,
      job.account,
      job.region,
      job.kind,
      job.key,
      job.id,
      job.runAt.getTime(),
      JSON.stringify(job.payload),
    )
  }

  async cancel(place: Place, kind: string, key: string): Promise<void> {
    await this.#sql.run(
      'delete from jobs where account = ? and region = ? and kind = ? and key = ?',
      place.account,
      place.region,
      kind,
      key,
    )
  }

  async claimDue({ claimant, now, leaseMs, kinds, limit }: Claim): Promise<readonly ClaimedJob[]> {
    const due = await this.#sql.rows<JobRow>(
      `select * from jobs where kind in (${kinds.map(() => '?').join(', ')}) and run_at <= ?
       order by run_at limit ?${this.#sql.claiming}`,
      ...kinds,
      now.getTime(),
      limit,
    )
    const claimed: ClaimedJob[] = []
    for (const row of due) {
      const won = await this.#sql.run(
        `update jobs set claimed_by = ?, run_at = ?, attempts = attempts + 1
         where account = ? and region = ? and kind = ? and key = ? and id = ? and run_at = ?`,
        claimant,
        now.getTime() + leaseMs,
        row.account,
        row.region,
        row.kind,
        row.key,
        row.id,
        row.run_at,
      )
      if (won > 0) claimed.push({ ...decode(row), attempts: row.attempts + 1, claimedBy: claimant })
    }
    return claimed
  }

  async done(job: ClaimedJob): Promise<boolean> {
    const ended = await this.#sql.run(`delete from jobs where ${STILL_CLAIMED}`, ...claimOf(job))
    return ended > 0
  }

  async extend(job: ClaimedJob, leaseEndsAt: Date): Promise<boolean> {
    const extended = await this.#sql.run(
      `update jobs set run_at = ? where ${STILL_CLAIMED}`,
      leaseEndsAt.getTime(),
      ...claimOf(job),
    )
    return extended > 0
  }

  async fail(job: ClaimedJob, retryAt: Date, errorName: string): Promise<void> {
    await this.#sql.run(
      `update jobs set claimed_by = null, run_at = ?, last_error = ? where ${STILL_CLAIMED}`,
      retryAt.getTime(),
      errorName,
      ...claimOf(job),
    )
  }
}

/** A job that is still this claim's; its values are {@link claimOf}'s. */
const STILL_CLAIMED = 'account = ? and region = ? and kind = ? and key = ? and id = ? and claimed_by = ?'

function claimOf({ account, region, kind, key, id, claimedBy }: ClaimedJob): readonly string[] {
  return [account, region, kind, key, id, claimedBy]
}

function decode(row: JobRow): Job {
  return {
    account: row.account,
    region: row.region,
    kind: row.kind,
    key: row.key,
    id: row.id,
    runAt: new Date(row.run_at),
    payload: JSON.parse(row.payload) as Job['payload'],
    attempts: row.attempts,
    lastError: row.last_error ?? undefined,
  }
}
