import fc from 'fast-check'

type Json = null | boolean | number | string | readonly Json[] | { readonly [name: string]: Json }
type Members = Readonly<Record<string, Json>>

/** What a pattern says, the slow way round: every alternative written out, every field looked up by its path. */
export function slowMatches(pattern: Members, event: Json): boolean {
  return written(pattern).some((alternative) => holdsSomewhere(alternative, event, event, []))
}

/** The pattern without `$or`: one for each combination, each a list of objects that must all hold. */
function written(pattern: Members): readonly (readonly Members[])[] {
  let combinations: readonly (readonly Members[])[] = [[]]
  for (const [name, value] of Object.entries(pattern)) {
    const ways =
      name === '$or'
        ? (value as readonly Members[]).flatMap(written)
        : Array.isArray(value)
          ? [[{ [name]: value }]]
          : // All of an object's own fields are about one object: they stay together.
            written(value as Members).map((parts) => [{ [name]: together(parts) }])
    combinations = combinations.flatMap((left) => ways.map((right) => [...left, ...right]))
  }
  return combinations
}

const PARTS = ' parts'

function together(parts: readonly Members[]): Json {
  return { [PARTS]: parts }
}

function holdsSomewhere(
  parts: readonly Members[],
  value: Json | undefined,
  root: Json,
  path: readonly string[],
): boolean {
  const objects = flat(value).filter(isMembers)
  return (objects.length > 0 ? objects : [{}]).some((object) =>
    parts.every((part) =>
      Object.entries(part).every(([name, wanted]) => {
        const here = [...path, name]
        if (isMembers(wanted))
          return holdsSomewhere(wanted[PARTS] as readonly Members[], object[name], root, here)
        return (wanted as readonly Json[]).some((one) => holds(one, object[name], root, here))
      }),
    ),
  )
}

function holds(wanted: Json, value: Json | undefined, root: Json, path: readonly string[]): boolean {
  const leaves = flat(value).filter((one) => !isMembers(one))
  if (!isMembers(wanted)) return leaves.includes(wanted)
  const [[kind, asked] = ['', null]] = Object.entries(wanted)
  if (kind === 'exists') return asked ? leaves.length > 0 : leavesAt(root, path).length === 0
  return leaves.some((leaf) => holdsForOne(kind, asked, leaf))
}

function holdsForOne(kind: string, asked: Json, leaf: Json): boolean {
  const isText = typeof leaf === 'string'
  switch (kind) {
    case 'prefix':
      return isText && new RegExp(`^${asked}`).test(leaf)
    case 'suffix':
      return isText && new RegExp(`${asked}$`).test(leaf)
    case 'wildcard':
      return isText && new RegExp(`^${String(asked).replaceAll('*', '.*')}$`).test(leaf)
    case 'equals-ignore-case':
      return isText && leaf.toUpperCase() === String(asked).toUpperCase()
    case 'numeric': {
      const [, from = 0, , to = 0] = asked as readonly number[]
      return typeof leaf === 'number' && leaf > from && leaf <= to
    }
    case 'anything-but': {
      if (Array.isArray(asked)) return !asked.includes(leaf)
      if (!isMembers(asked)) return leaf !== asked
      const [[other, excluded] = ['', null]] = Object.entries(asked)
      return !holdsForOne(other, excluded, leaf)
    }
    default:
      throw new Error(`The oracle does not know ${kind}`)
  }
}

function leavesAt(value: Json | undefined, [name, ...rest]: readonly string[]): readonly Json[] {
  const parts = flat(value)
  if (name === undefined) return parts.filter((part) => !isMembers(part))
  return parts.filter(isMembers).flatMap((part) => (name in part ? leavesAt(part[name], rest) : []))
}

function flat(value: Json | undefined): readonly Json[] {
  if (value === undefined) return []
  return Array.isArray(value) ? value.flatMap(flat) : [value]
}

function isMembers(value: Json | undefined): value is Members {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

const NAMES = ['a', 'b', 'c']
const TEXTS = ['', 'x', 'xy', 'xyx', 'yx', 'XY']
const text = fc.constantFrom(...TEXTS)
const some = fc.constantFrom('x', 'xy', 'yx')
const scalar: fc.Arbitrary<Json> = fc.oneof(
  text,
  fc.constantFrom(0, 1, 2.5, 7),
  fc.constantFrom(true, false, null),
)

/** Events of few names and few values, so that patterns match now and then. */
export const arbitraryEvent: fc.Arbitrary<Json> = fc.letrec<{ value: Json; object: Json }>((tie) => ({
  object: fc.dictionary(fc.constantFrom(...NAMES), tie('value'), {
    minKeys: 2,
    maxKeys: 3,
    noNullPrototype: true,
  }),
  value: fc.oneof({ maxDepth: 4 }, scalar, fc.array(tie('value'), { maxLength: 3 }), tie('object')),
})).object

const expression: fc.Arbitrary<Json> = fc.oneof(
  fc.record({ prefix: text }),
  fc.record({ suffix: text }),
  fc.record({ wildcard: fc.constantFrom('*', 'x*', '*y*', 'x*x', '*yx') }),
  fc.record({ 'equals-ignore-case': text }),
  fc.record({ exists: fc.boolean() }),
  fc.constant({ numeric: ['>', 0, '<=', 2.5] }),
  fc.record({
    'anything-but': fc.oneof(
      text,
      fc.array(text, { minLength: 1, maxLength: 2 }),
      fc.array(fc.constantFrom(0, 1, 2.5), { minLength: 1, maxLength: 2 }),
      fc.record({ prefix: some }),
      fc.record({ suffix: some }),
      fc.record({ wildcard: fc.constantFrom('x*', '*y*') }),
    ),
  }),
)

const FEW = 50
const EITHER: Json = [{ a: ['x'] }, { c: ['x'] }]

/** Patterns over the same names, with alternatives and objects in objects; of few combinations, for the slow way. */
export const arbitraryPattern: fc.Arbitrary<Members> = fc
  .letrec<{ branch: Members; leaf: Json }>((tie) => {
    const field = fc.oneof(
      { maxDepth: 2 },
      { arbitrary: tie('leaf'), weight: 3 },
      { arbitrary: tie('branch'), weight: 1 },
    )
    const alternatives = fc.array(tie('branch'), { minLength: 2, maxLength: 2 })
    return {
      leaf: fc.array(fc.oneof(scalar, expression), { minLength: 1, maxLength: 6 }),
      branch: fc
        .record(
          { a: field, b: field, $or: fc.oneof({ maxDepth: 2 }, fc.constant(EITHER), alternatives) },
          { requiredKeys: [], noNullPrototype: true },
        )
        .map((branch): Members => (Object.keys(branch).length === 0 ? { c: ['x'] } : branch)),
    }
  })
  .branch.filter((pattern) => written(pattern).length <= FEW)
