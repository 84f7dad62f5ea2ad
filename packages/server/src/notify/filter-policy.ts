import {
  FilterPolicyError,
  isList,
  isObject,
  type Json,
  type JsonObject,
  type Rule,
  readRule,
} from './filter-rule.ts'
import type { MessageAttributes } from './notice.ts'

/** What a filter policy looks at. */
export type FilterScope = 'MessageAttributes' | 'MessageBody'

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

function parseJson(text: string): Json {
  try {
    return JSON.parse(text) as Json
  } catch {
    throw new FilterPolicyError('failed to parse JSON.')
  }
}
