import { AwsError } from './aws-error.ts'
import { type Constraint, constraintsOf } from './constraint.ts'
import { expectList, expectMembers } from './expect.ts'
import { lowerFirst } from './lower-first.ts'
import type { OperationModel } from './model.ts'
import {
  type ListShape,
  type MapShape,
  type Members,
  oncePerShape,
  type Shape,
  type StringShape,
  type StructureShape,
} from './shape.ts'
import { canBeShown, showValue } from './show-value.ts'

/**
 * How a service words its sentences: showing the value, an enum's values and `Value null` for an absent member,
 * or, as IAM has done for some years, without any of them.
 */
type Wording = 'showing' | 'discreet'

interface Problem {
  /** Below the value that was checked, e.g. `tags.1.member.key`; empty for the value itself. */
  readonly path: string
  /** `Value 'x'`, `Value null`, or `Value` alone. */
  readonly subject: string
  readonly sentence: string
}
type Check = (value: unknown) => readonly Problem[]
type CheckOf = (shape: Shape) => Check

// DIVERGENCE: AWS lists every problem. We stop at 100: a list of thousands would make an answer of megabytes.
const MAX_PROBLEMS = 100

const NONE: readonly Problem[] = []
const NOT_NULL = 'Member must not be null'
// DIVERGENCE: a text that holds U+0000 is refused, unless it is a secret value or in a map: PostgreSQL stores no such
// text, and both engines are to answer alike. Which of AWS's services take one is not documented.
const NO_NUL: readonly Problem[] = [
  { path: '', subject: 'Value', sentence: 'Member must not contain the character U+0000' },
]

const checkShowing = checker('showing')
const checkDiscreetly = checker('discreet')

/**
 * Checks a decoded input against what the model demands: required members, lengths, ranges, patterns, enums.
 *
 * @throws AwsError ValidationException, or ValidationError from a Query service, which lists the problems in
 * AWS's words. It repeats no sensitive value, and none at all in IAM. From EC2 MissingParameter or
 * InvalidParameterValue, which tells one problem and no value.
 */
export function validate({ service, input: shape }: OperationModel, input: Members): void {
  const check = service.name === 'iam' ? checkDiscreetly(shape) : checkShowing(shape)
  const problems = check(input)
  const [first] = problems
  if (!first) return
  if (service.protocol === 'ec2') throw ec2Refusal(shape, first)
  const sentences = problems.map(
    ({ path, subject, sentence }) => `${subject} at '${path}' failed to satisfy constraint: ${sentence}`,
  )
  const count = problems.length === 1 ? '1 validation error' : `${problems.length} validation errors`
  const code = service.protocol === 'query' ? 'ValidationError' : 'ValidationException'
  throw new AwsError(code, `${count} detected: ${sentences.join('; ')}`)
}

/** @see https://docs.aws.amazon.com/AWSEC2/latest/APIReference/errors-overview.html */
function ec2Refusal({ members }: StructureShape, { path, sentence }: Problem): AwsError {
  const [name = '', ...rest] = path.split('.').filter((part) => part !== 'member')
  const wireName = members.find((member) => lowerFirst(member.name) === name)?.wireName ?? name
  const parameter = [wireName, ...rest].map((part) => part.charAt(0).toUpperCase() + part.slice(1)).join('.')
  return sentence === NOT_NULL
    ? new AwsError('MissingParameter', `The request must contain the parameter ${parameter}`)
    : new AwsError('InvalidParameterValue', `Invalid value for parameter ${parameter}. ${sentence}`)
}

function checker(wording: Wording): CheckOf {
  const checkOf: CheckOf = oncePerShape((shape: Shape): Check => {
    switch (shape.type) {
      case 'structure':
        return structureCheck(shape, checkOf, wording)
      case 'list':
        return both(ownCheck(shape, wording), elementsCheck(shape, checkOf, wording))
      case 'map':
        return both(ownCheck(shape, wording), entriesCheck(shape, checkOf, wording))
      case 'string':
        return firstOf(ownCheck(shape, wording), nulCheck(shape))
      default:
        return ownCheck(shape, wording)
    }
  })
  return checkOf
}

function both(first: Check, second: Check): Check {
  return (value) => {
    const problems = first(value)
    return problems.length === 0 ? second(value) : [...problems, ...second(value)]
  }
}

/** Whatever a value is that must not be told, its bytes are its owner's business. */
function nulCheck(shape: StringShape): Check {
  if (!canBeShown(shape)) return () => NONE
  return (value) => (typeof value === 'string' && value.includes('\0') ? NO_NUL : NONE)
}

function firstOf(first: Check, second: Check): Check {
  return (value) => {
    const problems = first(value)
    return problems.length === 0 ? second(value) : problems
  }
}

/** What the shape demands of the value itself. */
function ownCheck(shape: Shape, wording: Wording): Check {
  const constraints = constraintsOf(shape)
  return (value) => {
    if (allHold(constraints, value)) return NONE
    const subject = subjectOf(shape, value, wording)
    return constraints
      .filter((constraint) => !constraint.holds(value))
      .map((constraint) => ({ path: '', subject, sentence: sentenceOf(constraint, wording) }))
  }
}

function structureCheck(shape: StructureShape, checkOf: CheckOf, wording: Wording): Check {
  const absent = [{ path: '', subject: wording === 'showing' ? 'Value null' : 'Value', sentence: NOT_NULL }]
  const members = shape.members.map((member) => ({
    name: member.name,
    path: lowerFirst(member.name),
    whenAbsent: member.required ? absent : NONE,
    check: checkOf(member.shape),
  }))
  return (value) => {
    const structure = expectMembers(value, 'structure')
    let problems = NONE
    for (const { name, path, whenAbsent, check } of members) {
      const member = structure[name]
      const found = member === undefined ? whenAbsent : check(member)
      if (found.length > 0) problems = [...problems, ...found.map((problem) => below(path, problem))]
    }
    return problems
  }
}

function elementsCheck(shape: ListShape, checkOf: CheckOf, wording: Wording): Check {
  if (isScalar(shape.member)) {
    const broken = groupCheck(shape.member, 'Member must satisfy constraint', wording)
    const hasNul = shape.member.type === 'string' ? nulCheck(shape.member) : () => NONE
    return (value) => {
      const list = expectList(value, 'list')
      const problems = broken(list, () => subjectOf(shape, value, wording))
      return problems.length > 0 ? problems : (list.map(hasNul).find((found) => found.length > 0) ?? NONE)
    }
  }
  const check = checkOf(shape.member)
  return (value) =>
    collect(expectList(value, 'list').entries(), check, (index) => `${Number(index) + 1}.member`)
}

function entriesCheck(shape: MapShape, checkOf: CheckOf, wording: Wording): Check {
  const brokenKeys = groupCheck(shape.key, 'Map keys must satisfy constraint', wording)
  const brokenValues = groupCheck(shape.value, 'Map value must satisfy constraint', wording)
  const check = checkOf(shape.value)
  return (value) => {
    const map = expectMembers(value, 'map')
    const subject = () => subjectOf(shape, value, wording)
    const keys = brokenKeys(Object.keys(map), subject)
    const values = isScalar(shape.value)
      ? brokenValues(Object.values(map), subject)
      : collect(Object.entries(map), check, (key) => `${key}.member`)
    return keys.length + values.length === 0 ? NONE : [...keys, ...values]
  }
}

/** The scalars of a list or map share one sentence, which names all their constraints if one value breaks one. */
function groupCheck(shape: Shape, heading: string, wording: Wording) {
  const constraints = constraintsOf(shape)
  const sentences = constraints.map((constraint) => sentenceOf(constraint, wording))
  const listed = wording === 'showing' ? sentences : [...sentences, NOT_NULL]
  const sentence = `${heading}: [${listed.join(', ')}]`
  return (values: readonly unknown[], subject: () => string): readonly Problem[] =>
    values.every((value) => allHold(constraints, value)) ? NONE : [{ path: '', subject: subject(), sentence }]
}

function collect<K>(
  entries: Iterable<readonly [K, unknown]>,
  check: Check,
  pathOf: (key: K) => string,
): readonly Problem[] {
  const problems: Problem[] = []
  for (const [key, value] of entries) {
    for (const problem of check(value)) problems.push(below(pathOf(key), problem))
    if (problems.length >= MAX_PROBLEMS) break
  }
  return problems
}

function below(path: string, problem: Problem): Problem {
  return { ...problem, path: problem.path ? `${path}.${problem.path}` : path }
}

function allHold(constraints: readonly Constraint[], value: unknown): boolean {
  for (const constraint of constraints) if (!constraint.holds(value)) return false
  return true
}

function isScalar({ type }: Shape): boolean {
  return type !== 'structure' && type !== 'list' && type !== 'map'
}

function subjectOf(shape: Shape, value: unknown, wording: Wording): string {
  const shown = wording === 'showing' && canBeShown(shape) ? showValue(value) : undefined
  return shown === undefined ? 'Value' : `Value '${shown}'`
}

function sentenceOf({ sentence, values }: Constraint, wording: Wording): string {
  return values && wording === 'showing' ? `${sentence}: ${values}` : sentence
}
