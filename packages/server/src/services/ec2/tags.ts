import type { Tag } from '@aws-sdk/client-ec2'
import {
  isReservedKey,
  RESERVED_PREFIXES,
  type TagFault,
  taggedWith,
  taggedWithout,
} from '../../fleet/tags.ts'
import type { NodeTags } from '../../store/nodes.ts'
import { invalidValue, tooManyTags } from './errors.ts'

/** @see https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/Using_Tags.html */
const MAX_KEY_LENGTH = 128
const MAX_VALUE_LENGTH = 256

/** `held` with those of the caller. @throws AwsError InvalidParameterValue, TagLimitExceeded */
export function withTags(held: NodeTags, given: readonly Tag[]): NodeTags {
  refuseKeys(given)
  const added = given.map(({ Key = '', Value = '' }): [string, string] => {
    if (lengthOf(Value) > MAX_VALUE_LENGTH)
      throw invalidValue(`Tag value exceeds the maximum length of ${MAX_VALUE_LENGTH} characters`)
    return [Key, Value]
  })
  const tags = taggedWith(held, Object.fromEntries(added))
  if (isFault(tags)) throw refusalOf(tags)
  return tags
}

/**
 * `held` without those that the caller names: by key alone, or by key and value. Naming none removes all.
 *
 * @throws AwsError InvalidParameterValue for a key that is not the caller's to remove
 */
export function withoutTags(held: NodeTags, given: readonly Tag[] | undefined): NodeTags {
  if (!given || given.length === 0)
    return taggedWithout(
      held,
      Object.keys(held).filter((key) => !isReservedKey(key)),
    )
  refuseKeys(given)
  const named = given.filter(({ Key = '', Value }) => Value === undefined || held[Key] === Value)
  return taggedWithout(
    held,
    named.map(({ Key = '' }) => Key),
  )
}

function refuseKeys(tags: readonly Tag[]): void {
  const keys = tags.map(({ Key = '' }) => Key)
  for (const key of keys) {
    if (key === '') throw invalidValue('Tag key cannot be null or empty')
    if (lengthOf(key) > MAX_KEY_LENGTH)
      throw invalidValue(`Tag key exceeds the maximum length of ${MAX_KEY_LENGTH} characters`)
    const reserved = RESERVED_PREFIXES.find((prefix) => key.toLowerCase().startsWith(prefix))
    if (reserved) throw invalidValue(`Tag keys starting with '${reserved}' are reserved for internal use`)
  }
  const twin = keys.find((key, index) => keys.indexOf(key) < index)
  if (twin !== undefined) throw invalidValue(`Duplicate tag key '${twin}' specified.`)
}

function isFault(tags: NodeTags | TagFault): tags is TagFault {
  return typeof tags === 'string'
}

function refusalOf(fault: TagFault) {
  switch (fault) {
    case 'too many':
      return tooManyTags()
    case 'twins':
      return invalidValue('Tag keys that differ in case alone cannot be on one resource')
    case 'reserved':
      return invalidValue(
        `Tag keys starting with '${RESERVED_PREFIXES.join("' or '")}' are reserved for internal use`,
      )
  }
}

function lengthOf(text: string): number {
  return [...text].length
}
