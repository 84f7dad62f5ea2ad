import { isIP } from 'node:net'
import ipaddr from 'ipaddr.js'
import type { MessageAttributes } from './notice.ts'

/** What a filter policy looks at. */
export type FilterScope = 'MessageAttributes' | 'MessageBody'

/** The policy is none. The message is what follows `FilterPolicy: ` in AWS's sentence. */
export class FilterPolicyError extends Error {
  override readonly name = 'FilterPolicyError'
}

type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json }
type JsonObject = { readonly [key: string]: Json }

/** Whether one value, or the absence of any, is what a policy asks for. */
type Rule =
  | { readonly kind: 'exists'; readonly wanted: boolean }
  | { readonly kind: 'value'; test(value: Json): boolean }

/** A policy or a part of it: every field must match, and of each group of alternatives one. */
interface Node {
  readonly fields: readonly (readonly [string, readonly Rule[] | Node])[]
  readonly alternatives: readonly (readonly Node[])[]
}

/** A policy ready to be asked. */
export interface FilterPolicy {
  readonly scope: FilterScope
  readonly root: Node
}

/** @see https://docs.aws.amazon.com/sns/latest/dg/subscription-filter-policy-constraints.html */
const MAX_KEYS = 5
const MAX_COMBINATIONS = 150
const MAX_POLICY_BYTES = 256 * 1024
/** Deeper JSON than anybody writes by hand; keeps recursion from the stack's end. */
const MAX_DEPTH = 32

/** Digits behind the point that numbers are compared by. */
const NUMERIC_PRECISION = 1e5

/**
 * Reads a filter policy as SetSubscriptionAttributes takes it.
 *
 * @throws FilterPolicyError
 * @see https://docs.aws.amazon.com/sns/latest/dg/sns-subscription-filter-policies.html
 */
export function parseFilterPolicy(text: string, scope: FilterScope): FilterPolicy {
  if (Buffer.byteLength(text) > MAX_POLICY_BYTES) throw new FilterPolicyError('Filter policy is too large')
  const json = parseJson(text)
  if (!isObject(json)) throw new FilterPolicyError('failed to parse JSON. Filter policy must be an object')
  if (Object.keys(json).length > MAX_KEYS) {
    throw new FilterPolicyError('Filter policy can not have more than 5 keys')
  }
  const { node, combinations } = readNode(json, scope, 1)
  if (combinations > MAX_COMBINATIONS) throw new FilterPolicyError('Filter policy is too complex')
  return { scope, root: node }
}

/**
 * Whether a message passes.
 *
 * @param message The message as it was published, whatever its structure.
 */
export function matches(
  { scope, root }: FilterPolicy,
  {
    message,
    attributes = {},
  }: { readonly message: string; readonly attributes?: MessageAttributes | undefined },
): boolean {
  if (scope === 'MessageAttributes') return matchesNode(root, valuesOf(attributes))
  let body: Json
  try {
    body = JSON.parse(message) as Json
  } catch {
    return false // AWS delivers nothing whose body cannot be looked into
  }
  return isObject(body) && matchesNode(root, body)
}

function readNode(
  json: JsonObject,
  scope: FilterScope,
  depth: number,
): { readonly node: Node; readonly combinations: number } {
  if (depth > MAX_DEPTH) throw new FilterPolicyError('Filter policy is too complex')
  const fields: [string, readonly Rule[] | Node][] = []
  const alternatives: (readonly Node[])[] = []
  let combinations = 1
  for (const [key, value] of Object.entries(json)) {
    if (isAlternatives(key, value)) {
      const branches = value.map((branch) => readNode(branch, scope, depth))
      alternatives.push(branches.map(({ node }) => node))
      combinations *= branches.reduce((sum, branch) => sum + branch.combinations, 0)
    } else if (isList(value)) {
      if (value.length === 0) throw new FilterPolicyError('Empty arrays are not allowed')
      fields.push([key, value.map(readRule)])
      combinations *= value.length * depth
    } else if (isObject(value)) {
      if (scope === 'MessageAttributes') {
        throw new FilterPolicyError(
          'Filter policy scope MessageAttributes does not support nested filter policy',
        )
      }
      const nested = readNode(value, scope, depth + 1)
      fields.push([key, nested.node])
      combinations *= nested.combinations
    } else {
      throw new FilterPolicyError(`"${key}" must be an object or an array`)
    }
  }
  return { node: { fields, alternatives }, combinations }
}

/** Words that make `$or` the name of a field like any other where they are keys of its objects. */
const RESERVED: ReadonlySet<string> = new Set([
  'anything-but',
  'cidr',
  'equals-ignore-case',
  'exists',
  'numeric',
  'prefix',
  'suffix',
])

/** @see https://docs.aws.amazon.com/sns/latest/dg/and-or-logic.html */
function isAlternatives(key: string, value: Json): value is readonly JsonObject[] {
  return (
    key === '$or' &&
    isList(value) &&
    value.length >= 2 &&
    value.every((each) => isObject(each) && !Object.keys(each).some((name) => RESERVED.has(name)))
  )
}

function readRule(json: Json): Rule {
  if (!isObject(json)) {
    if (isList(json)) throw new FilterPolicyError('Match value must be String, number, true, false, or null')
    return value((found) => equals(json, found))
  }
  const [entry, ...more] = Object.entries(json)
  if (!entry || more.length > 0) throw new FilterPolicyError('Only one key allowed in match expression')
  const [operator, operand] = entry
  switch (operator) {
    case 'exists':
      if (typeof operand !== 'boolean') {
        throw new FilterPolicyError('exists match pattern must be either true or false.')
      }
      return { kind: 'exists', wanted: operand }
    case 'anything-but':
      return value(readAnythingBut(operand))
    case 'numeric':
      return value(readNumeric(operand))
    case 'cidr':
      return value(readCidr(operand))
    default:
      return value(readText(operator, operand))
  }
}

function value(test: (value: Json) => boolean): Rule {
  return { kind: 'value', test }
}

function readText(operator: string, operand: Json): (value: Json) => boolean {
  if (operator !== 'prefix' && operator !== 'suffix' && operator !== 'equals-ignore-case') {
    throw new FilterPolicyError(`Unrecognized match type ${operator}`)
  }
  if (typeof operand !== 'string') throw new FilterPolicyError(`${operator} match pattern must be a string`)
  if (operator === 'prefix') return (found) => typeof found === 'string' && found.startsWith(operand)
  if (operator === 'suffix') return (found) => typeof found === 'string' && found.endsWith(operand)
  const lower = operand.toLowerCase()
  return (found) => typeof found === 'string' && found.toLowerCase() === lower
}

/** One value or several; or a prefix or a suffix that it must not have. */
function readAnythingBut(operand: Json): (value: Json) => boolean {
  if (isObject(operand)) {
    const [entry, ...more] = Object.entries(operand)
    if (!entry || more.length > 0) throw new FilterPolicyError('Only one key allowed in match expression')
    const [operator, text] = entry
    if (operator !== 'prefix' && operator !== 'suffix') {
      throw new FilterPolicyError(`Unsupported anything-but pattern: ${operator}`)
    }
    const isExcluded = readText(operator, text)
    return (found) => typeof found === 'string' && !isExcluded(found)
  }
  const excluded = isList(operand) ? operand : [operand]
  const isScalar = excluded.every((each) => typeof each === 'string' || typeof each === 'number')
  if (!isScalar || excluded.length === 0) {
    throw new FilterPolicyError('Inside anything but list, number or string expected')
  }
  return (found) => !excluded.some((each) => equals(each, found))
}

const COMPARISONS: Readonly<Record<string, (a: number, b: number) => boolean>> = {
  '=': (a, b) => a === b,
  '<': (a, b) => a < b,
  '<=': (a, b) => a <= b,
  '>': (a, b) => a > b,
  '>=': (a, b) => a >= b,
}

/** `["=", n]`, or one bound, or a lower one and an upper one. */
function readNumeric(operand: Json): (value: Json) => boolean {
  if (!isList(operand)) throw new FilterPolicyError('Value of numeric must be an array.')
  if (operand.length !== 2 && operand.length !== 4) {
    throw new FilterPolicyError(
      operand.length > 4
        ? 'Too many elements in numeric expression'
        : 'Value of numeric must have an operator and a number',
    )
  }
  const bounds: ((value: number) => boolean)[] = []
  for (let i = 0; i < operand.length; i += 2) {
    const operator = operand[i]
    const limit = operand[i + 1]
    const compare =
      typeof operator === 'string' && Object.hasOwn(COMPARISONS, operator) ? COMPARISONS[operator] : undefined
    if (!compare) throw new FilterPolicyError(`Invalid member in numeric match: ${String(operator)}`)
    if (typeof limit !== 'number') throw new FilterPolicyError(`Value of ${operator} must be numeric`)
    bounds.push((found) => compare(rounded(found), rounded(limit)))
  }
  if (operand.length === 4) demandRange(operand)
  return (found) => typeof found === 'number' && bounds.every((bound) => bound(found))
}

function demandRange([lower, from, upper, to]: readonly Json[]): void {
  if (
    typeof lower !== 'string' ||
    !lower.startsWith('>') ||
    typeof upper !== 'string' ||
    !upper.startsWith('<')
  ) {
    throw new FilterPolicyError('Bad numeric range operator')
  }
  if (typeof from !== 'number' || typeof to !== 'number' || from >= to) {
    throw new FilterPolicyError('Bottom must be less than top')
  }
}

function readCidr(operand: Json): (value: Json) => boolean {
  if (typeof operand !== 'string' || !ipaddr.isValidCIDR(operand)) {
    throw new FilterPolicyError('Malformed CIDR, one / required')
  }
  const [network, bits] = ipaddr.parseCIDR(operand)
  return (found) => {
    if (typeof found !== 'string' || isIP(found) === 0) return false
    const address = ipaddr.parse(found)
    return address.kind() === network.kind() && address.match(network, bits)
  }
}

function matchesNode(node: Node, json: JsonObject): boolean {
  return (
    node.fields.every(([key, wanted]) =>
      matchesField(wanted, Object.hasOwn(json, key) ? json[key] : undefined),
    ) && node.alternatives.every((branches) => branches.some((branch) => matchesNode(branch, json)))
  )
}

function matchesField(wanted: readonly Rule[] | Node, found: Json | undefined): boolean {
  if (!isRules(wanted)) {
    const parts = isList(found) ? found : [found]
    // What is not there, or is no object, has none of the fields: that may be what is asked for.
    return parts.some((part) => matchesNode(wanted, isObject(part) ? part : {}))
  }
  const values = leaves(found)
  return wanted.some((rule) =>
    rule.kind === 'exists' ? rule.wanted === values.length > 0 : values.some((each) => rule.test(each)),
  )
}

function isRules(wanted: readonly Rule[] | Node): wanted is readonly Rule[] {
  return Array.isArray(wanted)
}

/** A value, or those of a list of values; an object has none. */
function leaves(found: Json | undefined): readonly Json[] {
  if (found === undefined) return []
  if (isList(found)) return found.flatMap(leaves)
  return isObject(found) ? [] : [found]
}

/**
 * Attributes as values: `Number` is a number and `String.Array` a list; `Binary` takes no part.
 * @see https://docs.aws.amazon.com/sns/latest/dg/sns-message-attributes.html
 */
function valuesOf(attributes: MessageAttributes): JsonObject {
  // The publisher chose the names: without a prototype, `__proto__` is one like any other.
  const values: Record<string, Json> = Object.create(null)
  for (const [name, { type, value: text }] of Object.entries(attributes)) {
    if (type === 'String.Array') values[name] = listOf(text)
    else if (type === 'Number' || type.startsWith('Number.')) values[name] = Number(text)
    else if (type === 'String' || type.startsWith('String.')) values[name] = text
  }
  return values
}

function listOf(text: string): Json {
  try {
    const parsed = JSON.parse(text) as Json
    return isList(parsed) ? parsed.filter((each) => !isObject(each) && !isList(each)) : text
  } catch {
    return text
  }
}

function equals(wanted: Json, found: Json): boolean {
  if (typeof wanted === 'number' && typeof found === 'number') return rounded(wanted) === rounded(found)
  return wanted === found
}

function rounded(number: number): number {
  return Math.round(number * NUMERIC_PRECISION)
}

function parseJson(text: string): Json {
  try {
    return JSON.parse(text) as Json
  } catch {
    throw new FilterPolicyError('failed to parse JSON.')
  }
}

function isList(json: Json | undefined): json is readonly Json[] {
  return Array.isArray(json)
}

function isObject(json: Json | undefined): json is JsonObject {
  return typeof json === 'object' && json !== null && !Array.isArray(json)
}
