import type { Filter } from '@aws-sdk/client-ec2'
import { invalidFilter, invalidValue, tooManyFilterValues } from './errors.ts'
import { compileGlob, type Glob, literalOf } from './glob.ts'

/** @see https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/Using_Filtering.html */
const MAX_VALUES = 200
/** Longer than any value that it could find. */
const MAX_VALUE_LENGTH = 1_024

/** What a filter of this name looks at; undefined where there is no such filter. */
export type FieldOf<Item> = (name: string) => ((item: Item) => readonly string[]) | undefined

/**
 * Whether an item passes every filter, each by one of its values.
 *
 * @throws AwsError InvalidParameterValue for a filter that the operation does not have, FilterLimitExceeded for too
 *   many values
 */
export function compileFilters<Item>(
  filters: readonly Filter[],
  fieldOf: FieldOf<Item>,
): (item: Item) => boolean {
  const values = filters.reduce((count, { Values = [] }) => count + Values.length, 0)
  if (values > MAX_VALUES) throw tooManyFilterValues(MAX_VALUES)
  const tests = filters.map(({ Name = '', Values = [] }) => {
    const field = fieldOf(Name)
    if (!field) throw invalidFilter(Name)
    const tooLong = Values.some((value) => value.length > MAX_VALUE_LENGTH)
    if (tooLong) throw invalidValue(`A value of the filter '${Name}' is too long`)
    const passes = anyOf(Values)
    return (item: Item) => field(item).some(passes)
  })
  return (item) => tests.every((test) => test(item))
}

/** Fields by their filters' names, and no name that every object answers to. */
export function fieldsOf<Item>(
  fields: Readonly<Record<string, (item: Item) => readonly string[]>>,
): FieldOf<Item> {
  return (name) => (Object.hasOwn(fields, name) ? fields[name] : undefined)
}

function anyOf(values: readonly string[]): Glob {
  const literals = new Set(values.map(literalOf))
  const globs = values.filter((value) => literalOf(value) === undefined).map(compileGlob)
  return (text) => literals.has(text) || globs.some((glob) => glob(text))
}
