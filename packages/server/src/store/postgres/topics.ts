import type { Topic } from '../sql/sql.ts'
import type { Connection } from './connection.ts'

/** How long a cache may go on believing what another server has changed. */
const BOUND_MS = 1000

/**
 * The revisions of topics across servers: each lane counts its own commits, so that two that change one topic do
 * not wait for each other, and a topic's revision is the sum. Each server looks a few times a second.
 */
export class Topics {
  readonly #revisions = new Map<Topic, number>()
  readonly #sums = new Map<Topic, number>()
  /** When the last look that succeeded began, milliseconds since 1970. */
  #lookedAtMs = Number.NEGATIVE_INFINITY

  /** Grows with every change, and with every call while it is unknown whether there was one. */
  revision(topic: Topic, nowMs: number): number {
    if (this.#isOld(nowMs)) this.#grow(topic)
    return this.#revisions.get(topic) ?? 0
  }

  /**
   * This server's own change has committed. The next look takes it for news once more: whether the last one had it
   * already nobody knows, and a sum that was guessed too high would hide another server's change.
   */
  committed(topic: Topic): void {
    this.#grow(topic)
  }

  /** Absolute: a clock that was set back says nothing about how old the last look is. */
  #isOld(nowMs: number): boolean {
    return Math.abs(nowMs - this.#lookedAtMs) > BOUND_MS
  }

  #grow(topic: Topic): void {
    this.#revisions.set(topic, (this.#revisions.get(topic) ?? 0) + 1)
  }

  async look(connection: Connection, nowMs: number): Promise<void> {
    const rows = await connection.all<{ topic: Topic; sum: number }>(
      `select topic, cast(sum(revision) as bigint) as sum from topic_revisions
       where account = '' and region = '' group by topic`,
      [],
    )
    // After a time without a look an equal sum proves nothing: a database that was failed over may have lost one change
    // and counted another.
    const isGap = this.#isOld(nowMs)
    for (const { topic, sum } of rows) {
      if (!isGap && this.#sums.get(topic) === sum) continue
      this.#sums.set(topic, sum)
      this.#grow(topic)
    }
    this.#lookedAtMs = nowMs
  }

  /**
   * Adds up what lanes have counted whose servers are forgotten: the sums stay, and the table that everybody looks at
   * all the time stays small.
   */
  static async fold(connection: Connection): Promise<void> {
    await connection.run(
      `with gone as (
         delete from topic_revisions where account = '' and region = '' and lane > 0 and lane not in (
           select lane from trail_lanes where account = '' and region = '' and server_id in (
             select id from servers where account = '' and region = ''))
         returning topic, revision)
       insert into topic_revisions (account, region, topic, lane, revision)
       select '', '', topic, 0, sum(revision) from gone group by topic
       on conflict (account, region, topic, lane) do update
         set revision = topic_revisions.revision + excluded.revision`,
      [],
    )
  }

  /** Inside the transaction that changed something of `topic`. */
  static async changed(connection: Connection, topic: Topic, lane: number): Promise<void> {
    await connection.run(
      `insert into topic_revisions (account, region, topic, lane, revision) values ('', '', ?, ?, 1)
       on conflict (account, region, topic, lane) do update set revision = topic_revisions.revision + 1`,
      [topic, lane],
    )
  }
}
