import type { Tag } from '@aws-sdk/client-eventbridge'
import type { ConditionKeys } from '../../gateway/context.ts'
import { invalid, limitExceeded } from './errors.ts'

/** @see https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-tagging.html */
const MAX_TAGS = 50
const RESERVED = 'aws:'

export type Tags = Readonly<Record<string, string>>

/** `held` with `given` added, or put in the place of those with the same key. */
export function withTags(held: Tags, given: readonly Tag[]): Tags {
  const keys = given.map(keyOf)
  refuseTwins(keys)
  if (keys.some((key) => key.toLowerCase().startsWith(RESERVED)))
    throw invalid('Tag keys that start with aws: are reserved.')
  const tags = new Map(Object.entries(held))
  for (const tag of given) tags.set(keyOf(tag), tag.Value ?? '')
  refuseTwins([...tags.keys()])
  if (tags.size > MAX_TAGS) throw limitExceeded()
  return Object.fromEntries(tags)
}

/** `held` without those of `keys`; one that is not there does not matter. */
export function withoutTags(held: Tags, keys: readonly string[]): Tags {
  return Object.fromEntries(Object.entries(held).filter(([key]) => !keys.includes(key)))
}

/**
 * DIVERGENCE: AWS lets tag keys differ in case alone, but compares them without case in policies, so that which
 * of two a condition sees is chance; we refuse the second.
 */
function refuseTwins(keys: readonly string[]): void {
  if (new Set(keys.map((key) => key.toLowerCase())).size < keys.length)
    throw invalid('Duplicate tag keys found. Please note that Tag keys are case insensitive.')
}

/** aws:RequestTag/… and aws:TagKeys of a call that carries tags. */
export function tagConditions(tags: readonly Tag[] = []): ConditionKeys {
  const conditions: Record<string, string | string[]> = {}
  for (const tag of tags) conditions[`aws:RequestTag/${keyOf(tag)}`] = tag.Value ?? ''
  return { ...conditions, ...tagKeysCondition(tags.map(keyOf)) }
}

/** aws:TagKeys of a call that names keys only. */
export function tagKeysCondition(keys: readonly string[]): ConditionKeys {
  return keys.length > 0 ? { 'aws:TagKeys': keys } : {}
}

function keyOf({ Key = '' }: Tag): string {
  return Key
}
