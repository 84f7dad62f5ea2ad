import type { ConditionKeys } from '../../gateway/context.ts'
import type { Tags } from '../../gateway/principal.ts'
import { duplicateTagKeys, reservedTagKey, tooManyTags } from './errors.ts'

/** @see https://docs.aws.amazon.com/lambda/latest/dg/configuration-tags.html */
const MAX_TAGS = 50

/** @throws InvalidParameterValueException for a reserved key, too many, or two that differ in case alone */
export function withTags(held: Tags | undefined, added: Tags): Tags {
  if (Object.keys(added).some((key) => key.toLowerCase().startsWith('aws:'))) throw reservedTagKey()
  const all = { ...held, ...added }
  const keys = Object.keys(all)
  // DIVERGENCE: AWS lets tag keys differ in case alone, but compares them without case in policies, so that which
  // of two a condition sees is chance; we refuse the second.
  if (new Set(keys.map((key) => key.toLowerCase())).size < keys.length) throw duplicateTagKeys()
  if (keys.length > MAX_TAGS) throw tooManyTags()
  return all
}

export function withoutTags(held: Tags | undefined, keys: readonly string[]): Tags {
  return Object.fromEntries(Object.entries(held ?? {}).filter(([key]) => !keys.includes(key)))
}

/** What policies may ask about the tags that a call carries. */
export function tagConditions(tags: Tags | undefined): ConditionKeys {
  if (!tags) return {}
  return {
    'aws:TagKeys': Object.keys(tags),
    ...Object.fromEntries(Object.entries(tags).map(([key, value]) => [`aws:RequestTag/${key}`, value])),
  }
}
