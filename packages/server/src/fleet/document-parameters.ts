import { contentFault, ParameterFault } from './document-fault.ts'
import { demandMapping, isMapping, type Mapping, memberOf, shown } from './document-text.ts'
import { firstRefused, isPattern } from './pattern.ts'

type ParameterType = 'String' | 'StringList' | 'Boolean' | 'Integer' | 'StringMap'

/** What a parameter holds once it has a value; a StringMap is kept as its JSON. */
export type ParameterValue = string | readonly string[]

/** A parameter as a document declares it. */
export interface DocumentParameter {
  readonly name: string
  readonly type: ParameterType
  readonly description: string
  readonly default: ParameterValue | undefined
  readonly allowedValues: readonly string[] | undefined
  /** Every value matches it as a whole. */
  readonly allowedPattern: string | undefined
  readonly minChars: number
  readonly maxChars: number
  readonly minItems: number
  readonly maxItems: number
  /** `ENV_VAR`: the script finds it in its environment as `SSM_name`, and it is never put into the script's text. */
  readonly interpolation: 'text' | 'ENV_VAR'
}

/** @see https://docs.aws.amazon.com/general/latest/gr/ssm.html */
const MAX_PARAMETERS = 200

const TYPES: readonly ParameterType[] = ['String', 'StringList', 'Boolean', 'Integer', 'StringMap']
const KNOWN = [
  ...['type', 'description', 'default', 'allowedValues', 'allowedPattern', 'displayType'],
  ...['minChars', 'maxChars', 'minItems', 'maxItems', 'interpolationType'],
]
const NAME = /^[A-Za-z0-9_.-]{1,128}$/
const VARIABLE_NAME = /^[A-Za-z0-9_]{1,128}$/

/** Reads `parameters` of a document. @throws DocumentFault */
export function readParameters(value: unknown): ReadonlyMap<string, DocumentParameter> {
  const declared = demandMapping(value ?? {}, 'parameters')
  const names = Object.keys(declared)
  if (names.length > MAX_PARAMETERS)
    throw contentFault(`A document has ${MAX_PARAMETERS} parameters at most.`)
  const parameters = new Map(names.map((name) => [name, readParameter(name, memberOf(declared, name))]))
  const refused = refusedByPattern([...parameters.values()].map((each) => [each, each.default]))
  if (refused !== undefined)
    throw contentFault(`Parameter ${refused}: the default does not match the allowed pattern.`)
  return parameters
}

function readParameter(name: string, value: unknown): DocumentParameter {
  if (!NAME.test(name)) throw contentFault(`Invalid parameter name: ${shown(name)}`)
  const where = `Parameter ${name}`
  const declared = demandMapping(value, where, KNOWN)
  const type = TYPES.find((known) => known === memberOf(declared, 'type'))
  if (type === undefined) throw contentFault(`${where} has a type that is not supported.`)
  const parameter = {
    ...{ name, type, default: undefined },
    description: textMember(declared, 'description', where) ?? '',
    allowedValues: allowedValues(declared, where),
    allowedPattern: allowedPattern(declared, where),
    minChars: countMember(declared, 'minChars', where) ?? 0,
    maxChars: countMember(declared, 'maxChars', where) ?? Number.POSITIVE_INFINITY,
    minItems: countMember(declared, 'minItems', where) ?? 0,
    maxItems: countMember(declared, 'maxItems', where) ?? Number.POSITIVE_INFINITY,
    interpolation: interpolation(declared, { name, type, where }),
  }
  const given = memberOf(declared, 'default')
  return given === undefined ? parameter : { ...parameter, default: defaultOf(parameter, given, where) }
}

function interpolation(
  declared: Mapping,
  { name, type, where }: { readonly name: string; readonly type: ParameterType; readonly where: string },
): DocumentParameter['interpolation'] {
  const given = memberOf(declared, 'interpolationType')
  if (given === undefined) return 'text'
  if (given !== 'ENV_VAR') throw contentFault(`${where} has an interpolationType that is not supported.`)
  if (type !== 'String') throw contentFault(`${where}: interpolationType is for parameters of type String.`)
  if (!VARIABLE_NAME.test(name)) throw contentFault(`${where} cannot be the name of an environment variable.`)
  return 'ENV_VAR'
}

function allowedValues(declared: Mapping, where: string): readonly string[] | undefined {
  const given = memberOf(declared, 'allowedValues')
  if (given === undefined) return undefined
  if (!Array.isArray(given)) throw contentFault(`${where}: allowedValues must be a list.`)
  return given.map((each) => scalarText(each, `${where}: allowedValues`))
}

function allowedPattern(declared: Mapping, where: string): string | undefined {
  const given = textMember(declared, 'allowedPattern', where)
  if (given !== undefined && !isPattern(given))
    throw contentFault(`${where}: allowedPattern is not a regular expression.`)
  return given
}

function defaultOf(parameter: DocumentParameter, given: unknown, where: string): ParameterValue {
  const texts =
    parameter.type === 'StringMap' && isMapping(given)
      ? [JSON.stringify(given)]
      : (Array.isArray(given) ? given : [given]).map((each) => scalarText(each, `${where}: default`))
  const value = checkedValue(parameter, texts)
  if (typeof value === 'object' && 'fault' in value)
    throw contentFault(`${where}: the default ${value.fault}`)
  return value
}

/** The values of a document's parameters: what was given, or else the default. @throws ParameterFault */
export function parameterValues(
  declared: ReadonlyMap<string, DocumentParameter>,
  given: Readonly<Record<string, readonly string[]>>,
): ReadonlyMap<string, ParameterValue> {
  const unknown = Object.keys(given).find((name) => !declared.has(name))
  if (unknown !== undefined)
    throw new ParameterFault(`Parameter ${shown(unknown)} is not defined in the document.`)
  const values = new Map<string, ParameterValue>()
  for (const [name, parameter] of declared) {
    const texts = Object.hasOwn(given, name) ? given[name] : undefined
    const value = texts === undefined ? parameter.default : checkedValue(parameter, texts)
    if (value === undefined) throw new ParameterFault(`Parameter ${name} requires a value.`)
    if (typeof value === 'object' && 'fault' in value)
      throw new ParameterFault(`Parameter ${name} ${value.fault}`)
    values.set(name, value)
  }
  const refused = refusedByPattern([...declared.values()].map((each) => [each, values.get(each.name)]))
  if (refused !== undefined)
    throw new ParameterFault(`Parameter ${refused} does not match the allowed pattern.`)
  return values
}

/** The name of the first whose value its pattern does not admit. */
function refusedByPattern(
  given: readonly (readonly [DocumentParameter, ParameterValue | undefined])[],
): string | undefined {
  const patterned = given.flatMap(([{ name, allowedPattern: pattern }, value]) =>
    pattern === undefined || value === undefined
      ? []
      : [{ name, pattern, values: typeof value === 'string' ? [value] : value }],
  )
  return patterned[firstRefused(patterned)]?.name
}

function checkedValue(
  parameter: DocumentParameter,
  texts: readonly string[],
): ParameterValue | { readonly fault: string } {
  const fault = texts
    .values()
    .map((text) => textFault(parameter, text))
    .find((found) => found !== undefined)
  if (fault !== undefined) return { fault }
  if (parameter.type === 'StringList') {
    const { minItems, maxItems } = parameter
    const isCount = texts.length >= minItems && texts.length <= maxItems
    return isCount ? texts : { fault: 'has a number of items that is not allowed.' }
  }
  const [text, ...others] = texts
  return text !== undefined && others.length === 0 ? text : { fault: 'takes exactly one value.' }
}

function textFault(parameter: DocumentParameter, text: string): string | undefined {
  // No environment and no argument can carry it.
  if (text.includes('\0')) return 'must not contain a NUL character.'
  if (parameter.type === 'Boolean' && !/^(?:true|false)$/i.test(text)) return 'must be true or false.'
  if (parameter.type === 'Integer' && !/^-?[0-9]{1,15}$/.test(text)) return 'must be an integer.'
  if (parameter.type === 'StringMap' && !isStringMap(text)) return 'must be a JSON object.'
  const length = [...text].length
  if (length < parameter.minChars || length > parameter.maxChars) return 'has a length that is not allowed.'
  if (parameter.allowedValues && !parameter.allowedValues.includes(text))
    return 'has a value that is not allowed.'
  return undefined
}

function isStringMap(text: string): boolean {
  try {
    return isMapping(JSON.parse(text))
  } catch {
    return false
  }
}

function textMember(declared: Mapping, key: string, where: string): string | undefined {
  const value = memberOf(declared, key)
  if (value !== undefined && typeof value !== 'string')
    throw contentFault(`${where}: ${key} must be a string.`)
  return value
}

function countMember(declared: Mapping, key: string, where: string): number | undefined {
  const value = memberOf(declared, key)
  if (value === undefined) return undefined
  const count = Number(typeof value === 'string' && value !== '' ? value : value)
  if (!Number.isSafeInteger(count) || count < 0) throw contentFault(`${where}: ${key} must be a count.`)
  return count
}

/** YAML reads `true` and `3600` as what they look like; a parameter's value is text. */
function scalarText(value: unknown, where: string): string {
  if (typeof value === 'string') return value
  if (typeof value === 'boolean' || typeof value === 'number') return String(value)
  throw contentFault(`${where} must consist of text.`)
}
