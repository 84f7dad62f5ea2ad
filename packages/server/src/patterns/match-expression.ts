import { compileCidr } from './cidr.ts'
import { InvalidPattern } from './invalid-pattern.ts'
import { comparable, compileNumeric } from './numeric.ts'
import { compileWildcard } from './wildcard.ts'

/** What a field of an event may hold besides objects and arrays. */
export type Scalar = string | number | boolean | null

/** Whether a value is one of those that a pattern asks for. */
export type Test = (value: Scalar) => boolean

type TextTest = (text: string) => boolean
const IGNORING_CASE = 'equals-ignore-case'

/** `{"prefix": …}` and its like, or `absent` for `{"exists": false}`. @throws InvalidPattern */
export function compileExpression(expression: Readonly<Record<string, unknown>>): Test | 'absent' {
  const [[name, value] = [], ...others] = Object.entries(expression)
  if (name === undefined) throw new InvalidPattern('Match expression name not found')
  const compiled = compileNamed(name, value)
  if (others.length > 0)
    throw new InvalidPattern(
      name === 'numeric' || name === 'anything-but'
        ? 'Too many elements in numeric expression'
        : 'Only one key allowed in match expression',
    )
  return compiled
}

function compileNamed(name: string, value: unknown): Test | 'absent' {
  switch (name) {
    case 'exactly': {
      const wanted = textOf(value, 'exact')
      return (asked) => asked === wanted
    }
    case 'prefix':
    case 'suffix':
      return ofText(affix(name, value))
    case IGNORING_CASE:
      return ofText(ignoringCase(textOf(value, IGNORING_CASE)))
    case 'wildcard':
      return ofText(compileWildcard(textOf(value, 'wildcard')))
    case 'cidr':
      // AWS calls it a prefix.
      return ofText(compileCidr(textOf(value, 'prefix')))
    case 'numeric':
      return compileNumeric(value)
    case 'anything-but':
      return anythingBut(value)
    case 'exists':
      if (typeof value !== 'boolean')
        throw new InvalidPattern('exists match pattern must be either true or false.')
      return value ? () => true : 'absent'
    default:
      throw new InvalidPattern(`Unrecognized match type ${name}`)
  }
}

function ofText(holds: TextTest): Test {
  return (value) => typeof value === 'string' && holds(value)
}

function textOf(value: unknown, kind: string): string {
  if (typeof value !== 'string') throw new InvalidPattern(`${kind} match pattern must be a string`)
  return value
}

function ignoringCase(wanted: string): TextTest {
  const lower = wanted.toLowerCase()
  return (text) => text.toLowerCase() === lower
}

/** `{"prefix": "a"}` or `{"prefix": {"equals-ignore-case": "a"}}`; the same for suffix. */
function affix(kind: 'prefix' | 'suffix', value: unknown): TextTest {
  if (!isObject(value)) return affixOf(kind, textOf(value, kind))
  const [[name, wanted] = [], ...others] = Object.entries(value)
  if (name !== IGNORING_CASE) throw new InvalidPattern(`Unsupported ${kind} match pattern: ${name ?? ''}`)
  const holds = affixOf(kind, textOf(wanted, IGNORING_CASE).toLowerCase())
  if (others.length > 0) throw new InvalidPattern('Only one key allowed in match expression')
  return (text) => holds(text.toLowerCase())
}

function affixOf(kind: 'prefix' | 'suffix', wanted: string): TextTest {
  return kind === 'prefix' ? (text) => text.startsWith(wanted) : (text) => text.endsWith(wanted)
}

/** Holds for every value that is there and is not one of those it names, texts and others alike. */
function anythingBut(value: unknown): Test {
  if (isObject(value)) return anythingButMatching(value)
  if (!Array.isArray(value) && typeof value !== 'string' && typeof value !== 'number')
    throw new InvalidPattern('Value of anything-but must be an array or single string/number value.')
  const values: readonly unknown[] = Array.isArray(value) ? value : [value]
  const excluded = new Set<unknown>(values)
  let numbers = 0
  for (const one of values) {
    if (typeof one === 'number') numbers += comparable(one)
    else if (typeof one !== 'string')
      throw new InvalidPattern('Inside anything but list, start|null|boolean is not supported.')
  }
  if (values.length === 0 || (numbers > 0 && numbers < values.length))
    throw new InvalidPattern(
      'Inside anything but list, either all values are number or string, mixed type is not supported',
    )
  return (asked) => !excluded.has(asked)
}

function anythingButMatching(expression: Readonly<Record<string, unknown>>): Test {
  const [[name, value] = [], ...others] = Object.entries(expression)
  if (name === undefined) throw new InvalidPattern('Anything-But expression name not found')
  const excluded = (Array.isArray(value) ? value : [value]).map((one) => excludedText(name, one))
  if (others.length > 0) throw new InvalidPattern('Only one key allowed in match expression')
  if (excluded.length === 0) throw new InvalidPattern('Empty arrays are not allowed')
  return (asked) => typeof asked !== 'string' || !excluded.some((holds) => holds(asked))
}

function excludedText(name: string, value: unknown): TextTest {
  switch (name) {
    case 'prefix':
    case 'suffix': {
      const text = textOf(value, 'prefix/suffix')
      if (text === '') throw new InvalidPattern('Null prefix/suffix not allowed')
      return affixOf(name, text)
    }
    case 'wildcard':
      return compileWildcard(textOf(value, 'wildcard'))
    case IGNORING_CASE:
      if (typeof value !== 'string')
        throw new InvalidPattern(
          'Inside anything-but/equals-ignore-case list, number|start|null|boolean is not supported.',
        )
      return ignoringCase(value)
    default:
      throw new InvalidPattern(`Unsupported anything-but pattern: ${name}`)
  }
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
