import type { Tag } from '@aws-sdk/client-ssm'
import { taggedWith } from '../../fleet/tags.ts'
import type { ConditionKeys } from '../../gateway/context.ts'
import type { Tags } from '../../gateway/principal.ts'
import { unacceptableTags } from './errors.ts'

/** The model has seen to it that each tag has both; the SDK's types have not. */
function pairsOf(list: readonly Tag[]): [string, string][] {
  return list.map(({ Key = '', Value = '' }) => [Key, Value])
}

/** @throws ValidationException for a reserved key or two that differ in case alone, TooManyTagsError */
export function withTags(held: Tags, added: readonly Tag[]): Tags {
  const tags = taggedWith(held, Object.fromEntries(pairsOf(added)))
  if (typeof tags === 'string') throw unacceptableTags(tags)
  return tags
}

/** As answers carry them. */
export function tagList(tags: Tags): Tag[] {
  return Object.entries(tags).map(([Key, Value]) => ({ Key, Value }))
}

/** What policies may ask about the tags that a call carries. */
export function tagConditions(list: readonly Tag[] | undefined): ConditionKeys {
  if (!list) return {}
  const pairs = pairsOf(list)
  return {
    'aws:TagKeys': pairs.map(([key]) => key),
    ...Object.fromEntries(pairs.map(([key, value]) => [`aws:RequestTag/${key}`, value])),
  }
}
