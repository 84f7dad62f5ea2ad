import type { TrailAttribute, TrailEntry } from '../store/trail.ts'

/** What an event can be found by, and the value it has there. */
export interface Term {
  readonly attribute: TrailAttribute
  readonly value: string
}

const NONE: readonly Term[] = []

/** Events whose instants lie in one bucket share their terms. */
const BUCKET_MS = 1000
/** Calls that were received just before a bucket's end are recorded just after it. */
const REMEMBERED_BUCKETS = 2

/** The second that `at`, in milliseconds since 1970, lies in. */
export function bucketOf(at: number): number {
  return Math.floor(at / BUCKET_MS)
}

/** The first and the last millisecond of a bucket. */
export function spanOf(bucket: number): { readonly from: number; readonly until: number } {
  return { from: bucket * BUCKET_MS, until: (bucket + 1) * BUCKET_MS - 1 }
}

/** Every term of an event but its id, which tells its instant by itself. */
function termsOf({ resources, ...entry }: TrailEntry): readonly Term[] {
  return [...termsOfCall(entry), ...termsOfResources(resources)]
}

export function termsOfCall({
  name,
  source,
  readOnly,
  userName,
  accessKeyId,
}: {
  readonly name: string
  readonly source: string
  readonly readOnly: boolean
  readonly userName?: string | null
  readonly accessKeyId?: string | null
}): readonly Term[] {
  const terms: Term[] = [
    { attribute: 'EventName', value: name },
    { attribute: 'EventSource', value: source },
    { attribute: 'ReadOnly', value: String(readOnly) },
  ]
  if (typeof userName === 'string') terms.push({ attribute: 'Username', value: userName })
  if (typeof accessKeyId === 'string') terms.push({ attribute: 'AccessKeyId', value: accessKeyId })
  return terms
}

export function termsOfResources(resources: TrailEntry['resources']): readonly Term[] {
  return resources.flatMap(({ type, name }): Term[] => [
    { attribute: 'ResourceType', value: type },
    { attribute: 'ResourceName', value: name },
  ])
}

/**
 * Which terms have been stored lately, so that a busy second stores each of its terms once and not once for
 * every event. Forgetting costs a few needless inserts and nothing else.
 */
export class TermMemory {
  readonly #seen = new Map<number, Set<string>>()

  /** The terms of `entry` that are not known to be stored for its second, and from now on are. */
  unwritten(entry: TrailEntry): readonly Term[] {
    const seen = this.#seenIn(bucketOf(entry.at.getTime()))
    // Most events are like the one before in all of their terms: one look tells.
    const likeness = likenessOf(entry)
    if (seen.has(likeness)) return NONE
    seen.add(likeness)
    const place = `${entry.account}\0${entry.region}`
    return termsOf(entry).filter(({ attribute, value }) => {
      const key = `${place}\0${attribute}\0${value}`
      const isNew = !seen.has(key)
      if (isNew) seen.add(key)
      return isNew
    })
  }

  forget(): void {
    this.#seen.clear()
  }

  #seenIn(bucket: number): Set<string> {
    const known = this.#seen.get(bucket)
    if (known) return known
    const [oldest] = this.#seen.keys()
    if (oldest !== undefined && this.#seen.size >= REMEMBERED_BUCKETS) this.#seen.delete(oldest)
    const fresh = new Set<string>()
    this.#seen.set(bucket, fresh)
    return fresh
  }
}

function likenessOf({
  account,
  region,
  source,
  name,
  readOnly,
  userName,
  accessKeyId,
  resources,
}: TrailEntry) {
  let likeness = `${account}\0${region}\0${source}\0${name}\0${readOnly}\0${userName}\0${accessKeyId}`
  for (const resource of resources) likeness += `\0${resource.type}\0${resource.name}`
  return likeness
}
