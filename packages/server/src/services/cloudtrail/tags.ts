import type { Tag } from '@aws-sdk/client-cloudtrail'
import type { ConditionKeys } from '../../gateway/context.ts'
import type { Tags } from '../../gateway/principal.ts'
import { invalidTag, tagsLimitExceeded } from './errors.ts'

/** @see https://docs.aws.amazon.com/awscloudtrail/latest/APIReference/API_AddTags.html */
const MAX_TAGS = 50

/** `held` with `given` added, or in the place of those with the same key. @throws InvalidTagParameterException … */
export function withTags(held: Tags, given: readonly Tag[] = []): Tags {
  const keys = given.map(({ Key = '' }) => Key.toLowerCase())
  // DIVERGENCE: as with other services' tags, keys that differ in case alone are refused; policies would not tell
  // them apart.
  if (new Set(keys).size < keys.length) throw invalidTag('A tag key is given twice.')
  if (keys.some((key) => key.startsWith('aws:')))
    throw invalidTag('Tag keys that begin with aws: are reserved for system use.')
  const tags = new Map(Object.entries(held))
  for (const { Key = '', Value = '' } of given) tags.set(Key, Value)
  if (new Set([...tags.keys()].map((key) => key.toLowerCase())).size < tags.size)
    throw invalidTag('A tag key differs from another in case alone.')
  if (tags.size > MAX_TAGS) throw tagsLimitExceeded()
  return Object.fromEntries(tags)
}

/**
 * `held` without `given`; one that is not there does not matter. A tag with a value goes only where the value is the
 * same.
 */
export function withoutTags(held: Tags, given: readonly Tag[]): Tags {
  const kept = Object.entries(held).filter(
    ([key, value]) =>
      !given.some(({ Key, Value }) => Key === key && (Value === undefined || Value === value)),
  )
  return Object.fromEntries(kept)
}

export function tagList(tags: Tags): Tag[] {
  return Object.entries(tags).map(([Key, Value]) => ({ Key, Value }))
}

/** aws:RequestTag/… and aws:TagKeys of a call that carries tags. */
export function tagConditions(tags: readonly Tag[] = []): ConditionKeys {
  if (tags.length === 0) return {}
  const values = tags.map(({ Key = '', Value = '' }) => [`aws:RequestTag/${Key}`, Value])
  return { ...Object.fromEntries(values), 'aws:TagKeys': tags.map(({ Key = '' }) => Key) }
}
