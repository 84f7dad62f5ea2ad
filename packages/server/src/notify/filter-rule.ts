import { isIP } from 'node:net'
import ipaddr from 'ipaddr.js'

/** The policy is none. The message is what follows `FilterPolicy: ` in AWS's sentence. */
export class FilterPolicyError extends Error {
  override readonly name = 'FilterPolicyError'
}

/** What JSON can be. */
export type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json }
export type JsonObject = { readonly [key: string]: Json }

/** Whether one value, or the absence of any, is what a policy asks for. */
export type Rule =
  | { readonly kind: 'exists'; readonly wanted: boolean }
  | { readonly kind: 'value'; test(value: Json): boolean }

/** Digits behind the point that numbers are compared by. */
const NUMERIC_PRECISION = 1e5

/**
 * One element of a field's list: a value, or an object of one operator.
 *
 * @throws FilterPolicyError
 */
export function readRule(json: Json): Rule {
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

function equals(wanted: Json, found: Json): boolean {
  if (typeof wanted === 'number' && typeof found === 'number') return rounded(wanted) === rounded(found)
  return wanted === found
}

function rounded(number: number): number {
  return Math.round(number * NUMERIC_PRECISION)
}

export function isList(json: Json | undefined): json is readonly Json[] {
  return Array.isArray(json)
}

export function isObject(json: Json | undefined): json is JsonObject {
  return typeof json === 'object' && json !== null && !Array.isArray(json)
}
