import { bucketOf, type Term, termsOfCall, termsOfResources } from '../../trail/terms.ts'
import type { TrailAttribute, TrailRow } from '../trail.ts'
import type { Sql } from './sql.ts'
import { resourcesIn } from './trail-rows.ts'

/** Seconds of one term that are read at once: of a term that every second has, four minutes. */
const BUCKETS_AT_ONCE = 256
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
