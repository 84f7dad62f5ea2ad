import type { NodeTags } from '../store/nodes.ts'

/** Of one node, AWS's limit for every resource. */
const MAX_TAGS = 50

/** Why tags cannot be as asked; each service has its own words for it. */
export type TagFault = 'reserved' | 'twins' | 'too many'

/** The tags that `added` leaves, or what is wrong with them. */
export function taggedWith(held: NodeTags, added: NodeTags): NodeTags | TagFault {
  if (Object.keys(added).some((key) => key.toLowerCase().startsWith('aws:'))) return 'reserved'
  const all = { ...held, ...added }
  const keys = Object.keys(all)
  // DIVERGENCE: AWS lets tag keys differ in case alone, but compares them without case in policies, so that which
  // of two a condition sees is chance; we refuse the second.
  if (new Set(keys.map((key) => key.toLowerCase())).size < keys.length) return 'twins'
  return keys.length > MAX_TAGS ? 'too many' : all
}

export function taggedWithout(held: NodeTags, keys: readonly string[]): NodeTags {
  return Object.fromEntries(Object.entries(held).filter(([key]) => !keys.includes(key)))
}
