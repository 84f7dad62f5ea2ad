import type { NodeTags } from '../store/nodes.ts'

/** Of one node, AWS's limit for every resource. */
const MAX_TAGS = 50

/**
 * What no caller's tag begins with, whatever the case: Amazon's own, and what the server shows among a node's tags, such
 * as its host keys.
 */
export const RESERVED_PREFIXES = ['aws:', 'lockstep:']

export function isReservedKey(key: string): boolean {
  return RESERVED_PREFIXES.some((prefix) => key.toLowerCase().startsWith(prefix))
}

/** Why tags cannot be as asked; each service has its own words for it. */
export type TagFault = 'reserved' | 'twins' | 'too many'

/** The tags that `added` leaves, or what is wrong with them. */
export function taggedWith(held: NodeTags, added: NodeTags): NodeTags | TagFault {
  if (Object.keys(added).some(isReservedKey)) return 'reserved'
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
