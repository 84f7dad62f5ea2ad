import type { Filter } from '@aws-sdk/client-secrets-manager'
import { type MaybeReplicated, primaryRegionOf } from '../../store/replication.ts'
import type { Secret } from '../../store/secrets.ts'
import { invalidFilterKey, invalidFilterValues } from './errors.ts'

/** What filters look at. */
export type Filterable = Pick<Secret, 'name' | 'description' | 'tags'> & MaybeReplicated

/** A secret under test, with the words of its texts: split when first asked for, and once for all filters. */
interface Candidate {
  readonly secret: Filterable
  descriptionWords(): WordList
  allWords(): WordList
}

/** Words in the order of their characters, none twice. */
type WordList = readonly string[]

type Test = (candidate: Candidate) => boolean

/**
 * Compiles the filters of ListSecrets: all must match, and of each one value.
 * @throws InvalidParameterException for a filter without a key or values.
 * @see https://docs.aws.amazon.com/secretsmanager/latest/userguide/manage_search-secret.html
 */
export function compileFilters(filters: readonly Filter[]): (secret: Filterable) => boolean {
  const tests = filters.map(compileFilter)
  return (secret) => {
    const candidate = candidateOf(secret)
    return tests.every((matches) => matches(candidate))
  }
}

/** The beginnings that a matching name must have one of, if the filters say so much. */
export function namePrefixes(filters: readonly Filter[]): readonly string[] | undefined {
  return filters.find(({ Key, Values }) => Key === 'name' && Values?.every((value) => !isNegated(value)))
    ?.Values
}

function compileFilter({ Key, Values }: Filter): Test {
  if (!Key) throw invalidFilterKey()
  if (!Values) throw invalidFilterValues(Key)
  const tests = Values.map((value) => {
    if (!isNegated(value)) return matcher(Key, value)
    const matches = matcher(Key, value.slice(1))
    return (candidate: Candidate) => !matches(candidate)
  })
  return (candidate) => tests.some((matches) => matches(candidate))
}

function isNegated(value: string): boolean {
  return value.startsWith('!')
}

function matcher(key: NonNullable<Filter['Key']>, value: string): Test {
  switch (key) {
    case 'name':
      return ({ secret }) => secret.name.startsWith(value)
    case 'tag-key':
      return ({ secret: { tags = {} } }) => Object.keys(tags).some((tagKey) => tagKey.startsWith(value))
    case 'tag-value':
      return ({ secret: { tags = {} } }) => Object.values(tags).some((tagValue) => tagValue.startsWith(value))
    case 'description':
      return wordMatcher(value, (candidate) => candidate.descriptionWords())
    case 'all':
      return wordMatcher(value, (candidate) => candidate.allWords())
    case 'primary-region':
      return ({ secret }) => primaryRegionOf(secret)?.startsWith(value) ?? false
    case 'owning-service':
      // No secret has one.
      return () => false
  }
}

function candidateOf(secret: Filterable): Candidate {
  let inDescription: WordList | undefined
  let inAll: WordList | undefined
  return {
    secret,
    descriptionWords() {
      inDescription ??= wordList([secret.description ?? ''])
      return inDescription
    },
    allWords() {
      inAll ??= wordList(textsOf(secret))
      return inAll
    },
  }
}

function textsOf({ name, description = '', tags = {} }: Filterable): readonly string[] {
  return [name, description, ...Object.keys(tags), ...Object.values(tags)]
}

/** Every word of `value` must begin a word of the secret's, without regard to case. */
function wordMatcher(value: string, wordsOf: (secret: Candidate) => WordList): Test {
  const wanted = wordList([value])
  return (candidate) => wanted.length > 0 && wanted.every((word) => beginsOneOf(wordsOf(candidate), word))
}

/** Looks where `beginning` itself would stand: words that begin with it stand there and behind. */
function beginsOneOf(list: WordList, beginning: string): boolean {
  let from = 0
  let to = list.length
  while (from < to) {
    const middle = (from + to) >> 1
    if ((list[middle] ?? '') < beginning) from = middle + 1
    else to = middle
  }
  return list[from]?.startsWith(beginning) ?? false
}

function wordList(texts: readonly string[]): WordList {
  return [...new Set(texts.flatMap(words))].toSorted()
}

/**
 * Splits as AWS does: at punctuation and space, between letters and digits, and where the case changes.
 * A capital belongs to the small letters after it: `COMPANYthings` is COMPAN and Ythings.
 */
function words(text: string): string[] {
  const parts = text.match(/\p{Lu}?\p{Ll}+|\p{Lu}+(?!\p{Ll})|[\p{Lo}\p{Lm}\p{Lt}]+|\p{N}+/gu) ?? []
  return parts.map((word) => word.toLowerCase())
}
