import type { Tag } from '@aws-sdk/client-sns'
import type { ConditionKeys } from '../../gateway/context.ts'
import type { Tags } from '../../gateway/principal.ts'
import { invalidParameter, tooManyTags } from './errors.ts'

/** @see https://docs.aws.amazon.com/sns/latest/dg/sns-tags.html */
const MAX_TAGS = 50
const MAX_KEY = 128
const MAX_VALUE = 256

/**
 * `held` with `given` added, or put in the place of those with the same key.
 *
 * DIVERGENCE: AWS lets tag keys differ in case alone, but compares them without case in policies, so that which
 * of two a condition sees is chance; we refuse the second.
 */
export function withTags(held: Tags, given: readonly Tag[]): Tags {
  const pairs = given.map(({ Key = '', Value = '' }): [string, string] => {
    if (Key.toLowerCase().startsWith('aws:')) {
      throw invalidParameter('Tag keys that start with aws: cannot be added or deleted')
    }
    if (Key === '' || Key.length > MAX_KEY || Value.length > MAX_VALUE) throw invalidParameter('Tags')
    return [Key, Value]
  })
  refuseTwins(pairs.map(([key]) => key))
  const all = Object.fromEntries([...Object.entries(held), ...pairs])
  refuseTwins(Object.keys(all))
  if (Object.keys(all).length > MAX_TAGS) throw tooManyTags()
  return all
}

export function withoutTags(held: Tags, keys: readonly string[]): Tags {
  return Object.fromEntries(Object.entries(held).filter(([key]) => !keys.includes(key)))
}

export function tagList(tags: Tags): Tag[] {
  return Object.entries(tags).map(([Key, Value]) => ({ Key, Value }))
}

/** What policies may ask about the tags that a call carries. */
export function tagConditions(list: readonly Tag[] | undefined): ConditionKeys {
  if (!list || list.length === 0) return {}
  return {
    'aws:TagKeys': list.flatMap(({ Key }) => Key ?? []),
    ...Object.fromEntries(list.map(({ Key, Value = '' }) => [`aws:RequestTag/${Key}`, Value])),
  }
}

function refuseTwins(keys: readonly string[]): void {
  if (new Set(keys.map((key) => key.toLowerCase())).size < keys.length) {
    throw invalidParameter('Tags Reason: Duplicated keys are not allowed.')
  }
}
