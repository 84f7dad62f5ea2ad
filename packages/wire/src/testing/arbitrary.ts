import fc from 'fast-check'
import { constraintsOf } from '../constraint.ts'
import { compilePattern } from '../pattern.ts'
import { type Member, type Shape, type StringShape, type StructureShape, unreachable } from '../shape.ts'

/** How many elements a generated list or map has, unless its shape demands more. */
const FEW = 3

/** The longest generated text, unless its shape demands more. */
const SHORT = 40

/** Texts for the patterns fast-check cannot invent texts for. */
const SAMPLES: Readonly<Record<string, readonly string[]>> = {
  '^[a-z0-9]([a-z0-9]|-(?!-)){1,61}[a-z0-9]$': ['abc', 'a-b-c', 'example-123'],
  '[0-9A-Za-z\\.\\-_]*(?<!\\.)': ['abc', 'a.b-c_d'],
  '(arn:(aws[a-zA-Z-]*)?:[a-z0-9-.]+:.*)|()': ['arn:aws:kms:us-east-1:111122223333:key/1', ''],
  '^(?!\\s*$).+': ['a', ' b c '],
  '^([\\-]?\\d{4}(?!\\d{2}\\b))((-?)((0[1-9]|1[0-2])(\\3([12]\\d|0[1-9]|3[01]))?|W([0-4]\\d|5[0-2])(-?[1-7])?|(00[1-9]|0[1-9]\\d|[12]\\d{2}|3([0-5]\\d|6[1-6])))([T\\s]((([01]\\d|2[0-3])((:?)[0-5]\\d)?|24\\:?00)([\\.,]\\d(?!:))?)?(\\17[0-5]\\d([\\.,]\\d)?)?([zZ]|([\\-])([01]\\d|2[0-3]):?([0-5]\\d)?)?)?)?$':
    ['2026-01-02T03:04:05.6Z', '2026-01-02'],
}

/** Values the model allows for `shape`; a structure's optional members come and go. */
function validValue(shape: Shape): fc.Arbitrary<unknown> {
  switch (shape.type) {
    case 'structure':
      return validStructure(shape)
    case 'list':
      return fc.array(validValue(shape.member), sizes(shape))
    case 'map':
      return fc.dictionary(validText(shape.key), validValue(shape.value), {
        ...sizes({ min: shape.min, max: shape.max }),
        noNullPrototype: false,
      })
    case 'string':
      return validText(shape)
    case 'boolean':
      return fc.boolean()
    case 'integer':
    case 'long':
      return fc.integer({ min: shape.min ?? -1000, max: shape.max ?? (shape.min ?? 0) + 100_000 })
    case 'float':
    case 'double':
      return fc
        .integer({ min: 8 * (shape.min ?? -125), max: 8 * (shape.max ?? 125) })
        .map((eighths) => eighths / 8)
    case 'timestamp':
      return fc.integer({ min: 0, max: 4_000_000_000 }).map((seconds) => new Date(seconds * 1000))
    case 'blob':
      return fc.uint8Array(lengths(shape))
    default:
      return unreachable(shape)
  }
}

export function validStructure(shape: StructureShape): fc.Arbitrary<Record<string, unknown>> {
  return fc.record(Object.fromEntries(shape.members.map((member) => [member.name, validMember(member)])), {
    requiredKeys: shape.members.filter(({ required }) => required).map(({ name }) => name),
    noNullPrototype: true,
  })
}

/** What a member can be in its place: a status is one, and a header's text is visible and ASCII. */
function validMember({ shape, location }: Member): fc.Arbitrary<unknown> {
  if (location?.kind === 'statusCode') return fc.constantFrom(200, 202, 204)
  const isFree = shape.type === 'string' && !shape.enum && shape.pattern === undefined
  if (location?.kind === 'header' && isFree) return fc.stringMatching(/^[!-~]{1,20}$/)
  if (location?.kind === 'header') return validValue(shape).filter((text) => String(text).trim() === text)
  return validValue(shape)
}

function validText(shape: Shape): fc.Arbitrary<string> {
  if (shape.type !== 'string') throw new Error(`A ${shape.type} is no text`)
  if (shape.enum) return fc.constantFrom(...shape.enum)
  const constraints = constraintsOf(shape)
  return candidates(shape).filter((text) => constraints.every((constraint) => constraint.holds(text)))
}

function candidates(shape: StringShape): fc.Arbitrary<string> {
  const { pattern } = shape
  if (pattern === undefined) return fc.string({ ...lengths(shape), unit: fc.constantFrom(...PRINTABLE) })
  const samples = SAMPLES[pattern]
  if (samples) return fc.constantFrom(...samples)
  // Most patterns are one repeated class of characters: then lengths can be chosen, not hoped for.
  const repeated = /^\^?(\[[^\]]*(?:\\\][^\]]*)*\]|\.|\\d)[+*]\$?$/.exec(
    pattern.replace(/^\(\?s\)/, '').replace(/^\(([^()]*)\)$/, '$1'),
  )
  if (!repeated?.[1]) return fc.stringMatching(new RegExp(compilePattern(pattern).source))
  const matching = compilePattern(repeated[1])
  return fc.string({
    ...lengths(shape),
    unit: fc.constantFrom(...PRINTABLE.filter((text) => matching.test(text))),
  })
}

const PRINTABLE = [...Array.from({ length: 95 }, (_, i) => String.fromCharCode(32 + i)), 'é', 'ß', '漢', '😀']

function lengths({ min = 0, max = SHORT }: { min?: number; max?: number }) {
  return { minLength: min, maxLength: Math.min(max, Math.max(min + 4, SHORT)) }
}

function sizes({ min = 0, max = FEW }: { min?: number | undefined; max?: number | undefined }) {
  return {
    minLength: min,
    maxLength: Math.max(min, Math.min(max, FEW)),
    minKeys: min,
    maxKeys: Math.max(min, Math.min(max, FEW)),
  }
}
