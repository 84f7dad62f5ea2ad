import { InvalidPattern } from './invalid-pattern.ts'
import { compileExpression, type Scalar, type Test } from './match-expression.ts'

/**
 * The most combinations that the alternatives of all `$or`s may make.
 * @see https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-create-pattern-operators.html
 */
const MAX_COMBINATIONS = 1000

const OR = '$or'

/** Names that AWS keeps for itself within `$or`. */
const RESERVED = new Set([
  ...['exactly', 'equals-ignore-case', 'prefix', 'suffix', 'anything-but', 'exists', 'wildcard', 'numeric'],
  ...['cidr', '=', '<', '<=', '>', '>=', 'regex', 'not-wildcard', 'not-equals-ignore-case', 'date-after'],
  ...['date-on-or-after', 'date-before', 'date-on-or-before', 'in-date-range', 'ip-address-in-range'],
  'ip-address-not-in-range',
])

/** What a field must hold: one of these values, something that a test admits, or, where `absent`, nothing. */
interface Leaf {
  readonly kind: 'leaf'
  readonly path: readonly string[]
  readonly values: ReadonlySet<Scalar>
  readonly tests: readonly Test[]
  readonly absent: boolean
}

/** What an object must be like: all of its fields, and one alternative of each choice. */
interface Branch {
  readonly kind: 'branch'
  readonly fields: ReadonlyMap<string, Branch | Leaf>
  readonly choices: readonly (readonly Branch[])[]
}

/** A pattern, compiled. */
export interface EventPattern {
  /** Takes time that grows with the sizes of pattern and event, and no faster. */
  matches(event: unknown): boolean
  /**
   * Whether an event may match of which this much is known: fields that are missing in `known` may hold anything.
   * False is certain; true asks for the whole event.
   */
  couldMatch(known: Readonly<Record<string, unknown>>): boolean
  /** The values of which a field must have one, where the pattern names them one by one: for an index. */
  valuesAt(path: readonly string[]): ReadonlySet<Scalar> | undefined
}

/**
 * DIVERGENCE: AWS refuses patterns whose wildcards are too complex for its automaton; here every wildcard is searched
 * for in linear time, so none is refused.
 * DIVERGENCE: AWS says what is wrong with JSON that is none, and where; we say only that it is none.
 * DIVERGENCE: in AWS a field within `$or` takes the place of the same field outside; here both must hold.
 * DIVERGENCE: in AWS `{"a.b": […]}` also asks for b within a; here it asks for a field of that name.
 *
 * @throws InvalidPattern
 * @see https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-event-patterns.html
 */
export function compileEventPattern(text: string): EventPattern {
  const root = parseBranch(parseJson(text), [], false)
  if (combinations(root) > MAX_COMBINATIONS)
    throw new InvalidPattern(`Rule is too complex - $or makes more than ${MAX_COMBINATIONS} combinations`)
  return {
    matches: (event) => branchHolds(root, event, new Absences(event)),
    couldMatch: (known) => couldHold(root, known),
    valuesAt: (path) => valuesAt(root, path),
  }
}

function parseJson(text: string): Readonly<Record<string, unknown>> {
  let parsed: unknown
  try {
    parsed = JSON.parse(text)
  } catch {
    throw new InvalidPattern('Filter is not valid JSON')
  }
  if (!isObject(parsed)) throw new InvalidPattern('Filter is not an object')
  return parsed
}

function parseBranch(
  object: Readonly<Record<string, unknown>>,
  path: readonly string[],
  isWithinOr: boolean,
): Branch {
  const entries = Object.entries(object)
  if (entries.length === 0) throw new InvalidPattern('Empty objects are not allowed')
  const fields = new Map<string, Branch | Leaf>()
  const choices: (readonly Branch[])[] = []
  for (const [name, value] of entries) {
    if (name === OR) {
      choices.push(parseChoice(value, path))
      continue
    }
    if (isWithinOr && RESERVED.has(name))
      throw new InvalidPattern(`${name} is Ruler reserved fieldName which cannot be used inside $or.`)
    const below = [...path, name]
    if (Array.isArray(value)) fields.set(name, parseLeaf(value, below))
    else if (isObject(value)) fields.set(name, parseBranch(value, below, isWithinOr))
    else throw new InvalidPattern(`"${name}" must be an object or an array`)
  }
  return { kind: 'branch', fields, choices }
}

function parseChoice(value: unknown, path: readonly string[]): readonly Branch[] {
  if (!Array.isArray(value)) throw new InvalidPattern('It must be an Array followed with $or.')
  const alternatives = value.map((one: unknown) => {
    if (!isObject(one)) throw new InvalidPattern('Only JSON object is allowed in array of $or relationship.')
    return parseBranch(one, path, true)
  })
  if (alternatives.length < 2)
    throw new InvalidPattern('There must have at least 2 Objects in $or relationship.')
  return alternatives
}

function parseLeaf(members: readonly unknown[], path: readonly string[]): Leaf {
  if (members.length === 0) throw new InvalidPattern('Empty arrays are not allowed')
  const values = new Set<Scalar>()
  const tests: Test[] = []
  let absent = false
  for (const member of members) {
    if (isScalar(member)) {
      values.add(member)
      continue
    }
    if (!isObject(member))
      throw new InvalidPattern('Match value must be String, number, true, false, or null')
    const test = compileExpression(member)
    if (test === 'absent') absent = true
    else tests.push(test)
  }
  return { kind: 'leaf', path, values, tests, absent }
}

function valuesAt(root: Branch, path: readonly string[]): ReadonlySet<Scalar> | undefined {
  let field: Branch | Leaf | undefined = root
  for (const name of path) field = field?.kind === 'branch' ? field.fields.get(name) : undefined
  return field?.kind === 'leaf' && field.tests.length === 0 && !field.absent ? field.values : undefined
}

/** Into how many patterns without `$or` a pattern could be written out. */
function combinations({ fields, choices }: Branch): number {
  let product = 1
  for (const field of fields.values()) if (field.kind === 'branch') product *= combinations(field)
  for (const choice of choices) {
    let sum = 0
    for (const alternative of choice) sum += combinations(alternative)
    product *= sum
  }
  return product
}

/** Which fields an event has nowhere, each looked for once. */
class Absences {
  readonly #event: unknown
  readonly #known = new Map<Leaf, boolean>()
  constructor(event: unknown) {
    this.#event = event
  }

  has(leaf: Leaf): boolean {
    const known = this.#known.get(leaf)
    if (known !== undefined) return known
    const absent = isAbsent(this.#event, leaf.path)
    this.#known.set(leaf, absent)
    return absent
  }
}

function isAbsent(event: unknown, path: readonly string[]): boolean {
  let values: unknown[] = [event]
  for (const name of path) {
    const next: unknown[] = []
    for (const value of values)
      for (const member of membersOf(value))
        if (isObject(member) && Object.hasOwn(member, name)) next.push(member[name])
    values = next
  }
  return !values.some((value) => membersOf(value).some(isScalar))
}

/** Of an array, one element must be as the branch says, in all of its fields. */
function branchHolds(branch: Branch, value: unknown, absences: Absences): boolean {
  const objects = membersOf(value).filter(isObject)
  // Where there is no object, fields that must be absent are.
  const asked = objects.length > 0 ? objects : [{}]
  return asked.some((object) => objectHolds(branch, object, absences))
}

function objectHolds(
  { fields, choices }: Branch,
  object: Readonly<Record<string, unknown>>,
  absences: Absences,
): boolean {
  for (const [name, field] of fields) {
    const value = Object.hasOwn(object, name) ? object[name] : undefined
    const holds =
      field.kind === 'leaf' ? leafHolds(field, value, absences) : branchHolds(field, value, absences)
    if (!holds) return false
  }
  return choices.every((choice) => choice.some((alternative) => objectHolds(alternative, object, absences)))
}

/** Of an array, one element is enough. */
function leafHolds(leaf: Leaf, value: unknown, absences: Absences): boolean {
  const { values, tests, absent } = leaf
  const holds = (member: unknown) =>
    isScalar(member) && (values.has(member) || tests.some((test) => test(member)))
  return (
    (Array.isArray(value) ? membersOf(value).some(holds) : holds(value)) || (absent && absences.has(leaf))
  )
}

function couldHold({ fields, choices }: Branch, known: Readonly<Record<string, unknown>>): boolean {
  for (const [name, field] of fields) {
    if (!Object.hasOwn(known, name)) continue
    const value = known[name]
    if (field.kind === 'branch') {
      if (isObject(value) && !couldHold(field, value)) return false
    } else if (isScalar(value) && !field.values.has(value) && !field.tests.some((test) => test(value))) {
      return false
    }
  }
  return choices.every((choice) => choice.some((alternative) => couldHold(alternative, known)))
}

/** What an array holds, arrays within it taken apart; of anything else, itself. Without recursion: events are deep. */
function membersOf(value: unknown): readonly unknown[] {
  if (!Array.isArray(value)) return [value]
  const members: unknown[] = []
  const waiting: unknown[] = [value]
  while (waiting.length > 0) {
    const next = waiting.pop()
    if (Array.isArray(next)) for (const one of next) waiting.push(one)
    else members.push(next)
  }
  return members
}

function isScalar(value: unknown): value is Scalar {
  return (
    value === null || typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean'
  )
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
