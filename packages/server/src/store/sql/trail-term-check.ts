import { bucketOf, type Term, termsOfCall, termsOfResources } from '../../trail/terms.ts'
import type { TrailAttribute, TrailRow } from '../trail.ts'
import type { Sql } from './sql.ts'
import { resourcesIn } from './trail-rows.ts'

/** Seconds of one term that are read at once: of a term that every second has, four minutes. */
const BUCKETS_AT_ONCE = 256
/** Terms that one question is about. The rest of a shorter list is filled up, so that its text is always the same. */
const ASKED_AT_ONCE = 256
const EXPECTED = `select attribute, value, bucket from trail_terms where account = ? and region = ?
  and (attribute, value, bucket) in (values ${Array.from({ length: ASKED_AT_ONCE }, () => '(cast(? as text), cast(? as text), cast(? as bigint))').join(', ')})`

/** What is remembered at once; some ten megabytes. */
const MAX_TERMS = 8192
const MAX_RESOURCES = 8192

/** The seconds that one account and region has each term in, as far as they were asked for. */
type Known = Map<TrailAttribute, Map<string, ReadonlySet<number>>>

/**
 * Whether events can be found by all that they should be found by. A trail is read from old to new, so that what a
 * term's next seconds are is asked for once, and not for every second again.
 */
export class TermCheck {
  readonly #sql: Sql
  readonly #places = new Map<string, Known>()
  #terms = 0
  readonly #resources = new Map<string, readonly Term[]>()

  constructor(sql: Sql) {
    this.#sql = sql
  }

  /** {@link TrailReader.missingTerms} */
  async missing(row: TrailRow): Promise<readonly TrailAttribute[]> {
    const bucket = bucketOf(row.at)
    const known = this.#knownOf(row)
    const missing = new Set<TrailAttribute>()
    for (const terms of [
      termsOfCall({ ...row, readOnly: row.readOnly === 1 }),
      this.#termsIn(row.resources),
    ]) {
      for (const term of terms) {
        if (known.get(term.attribute)?.get(term.value)?.has(bucket)) continue
        if (!(await this.#has(row, term, bucket))) missing.add(term.attribute)
      }
    }
    return [...missing]
  }

  /**
   * Asks together for what {@link missing} would ask of each of `rows`, one after another: most events name a resource
   * that no other of their time names.
   */
  async expect(rows: readonly TrailRow[]): Promise<void> {
    for (const [, ofPlace] of Map.groupBy(rows, ({ account, region }) => `${account}\0${region}`)) {
      const [first] = ofPlace
      if (!first) continue
      const asked = this.#unknownOf(ofPlace)
      for (let from = 0; from < asked.length; from += ASKED_AT_ONCE) {
        await this.#ask(first, asked.slice(from, from + ASKED_AT_ONCE))
      }
    }
  }

  /** Each term that nothing is known of, with the second of the first row that has it. */
  #unknownOf(rows: readonly TrailRow[]): readonly (readonly [Term, number])[] {
    const unknown = new Map<string, readonly [Term, number]>()
    for (const row of rows) {
      const known = this.#knownOf(row)
      for (const terms of [
        termsOfCall({ ...row, readOnly: row.readOnly === 1 }),
        this.#termsIn(row.resources),
      ]) {
        for (const term of terms) {
          if (known.get(term.attribute)?.has(term.value)) continue
          const key = `${term.attribute}\0${term.value}`
          if (!unknown.has(key)) unknown.set(key, [term, bucketOf(row.at)])
        }
      }
    }
    return [...unknown.values()]
  }

  async #ask(row: TrailRow, asked: readonly (readonly [Term, number])[]): Promise<void> {
    const values = Array.from(
      { length: ASKED_AT_ONCE },
      (_, i) => asked[Math.min(i, asked.length - 1)],
    ).flatMap((pair) => (pair ? [pair[0].attribute, pair[0].value, pair[1]] : []))
    const found = await this.#sql.rows<Term & { bucket: number }>(
      EXPECTED,
      row.account,
      row.region,
      ...values,
    )
    for (const { attribute, value, bucket } of found) {
      this.#remember(row, { attribute, value }, new Set([bucket]))
    }
  }

  async #has(row: TrailRow, { attribute, value }: Term, bucket: number): Promise<boolean> {
    const rows = await this.#sql.rows<{ bucket: number }>(
      `select bucket from trail_terms
       where account = ? and region = ? and attribute = ? and value = ? and bucket >= ?
       order by bucket limit ${BUCKETS_AT_ONCE}`,
      ...[row.account, row.region, attribute, value, bucket],
    )
    const next = new Set(rows.map((row) => row.bucket))
    this.#remember(row, { attribute, value }, next)
    return next.has(bucket)
  }

  #knownOf({ account, region }: TrailRow): Known {
    const place = `${account}\0${region}`
    let known = this.#places.get(place)
    if (!known) {
      known = new Map()
      this.#places.set(place, known)
    }
    return known
  }

  #remember(row: TrailRow, { attribute, value }: Term, buckets: ReadonlySet<number>): void {
    // To begin anew is as good as to know which was used longest ago, and costs nothing until then.
    if (this.#terms >= MAX_TERMS) {
      this.#places.clear()
      this.#terms = 0
    }
    const known = this.#knownOf(row)
    let values = known.get(attribute)
    if (!values) {
      values = new Map()
      known.set(attribute, values)
    }
    if (!values.has(value)) this.#terms += 1
    values.set(value, buckets)
  }

  #termsIn(resources: string): readonly Term[] {
    const known = this.#resources.get(resources)
    if (known) return known
    if (this.#resources.size >= MAX_RESOURCES) this.#resources.clear()
    const terms = termsOfResources(resourcesIn(resources))
    this.#resources.set(resources, terms)
    return terms
  }
}
