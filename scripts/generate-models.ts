import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

// Compiles models/*.json into packages/wire/src/generated/. With --check nothing is written, and the exit code
// is 1 when what is on disk differs.

const SERVICES = ['secretsmanager', 'kms', 'iam', 'sts', 'cloudtrail', 'sns', 'lambda', 'events']
const MODELS = join(import.meta.dirname, '../models')
const GENERATED = join(import.meta.dirname, '../packages/wire/src/generated')

type Target = { readonly shape: string; readonly location?: string; readonly locationName?: string }
type Named<T> = Readonly<Record<string, T>>
interface SourceShape {
  readonly type: string
  readonly members?: Named<Target>
  readonly member?: Target
  readonly key?: Target
  readonly value?: Target
  readonly exception?: boolean
  readonly fault?: boolean
  readonly payload?: string
  readonly error?: { readonly code: string; readonly httpStatusCode: number }
}
interface SourceOperation {
  readonly input?: Target
  readonly output?: Target
  readonly http?: { readonly method: string; readonly requestUri: string; readonly responseCode?: number }
}
export interface SourceModel {
  readonly metadata: Named<string>
  readonly operations: Named<SourceOperation>
  readonly shapes: Named<SourceShape>
}

/** Of these services only the operations that are answered: their models hold shapes that no codec expects. */
const ANSWERED: Named<readonly string[]> = {
  events: [
    'DeleteRule',
    'DescribeEventBus',
    'DescribeRule',
    'DisableRule',
    'EnableRule',
    'ListEventBuses',
    'ListRuleNamesByTarget',
    'ListRules',
    'ListTagsForResource',
    'ListTargetsByRule',
    'PutEvents',
    'PutRule',
    'PutTargets',
    'RemoveTargets',
    'TagResource',
    'TestEventPattern',
    'UntagResource',
  ],
  lambda: [
    'AddPermission',
    'CreateFunction',
    'DeleteFunction',
    'GetFunction',
    'GetFunctionConfiguration',
    'GetPolicy',
    'Invoke',
    'ListFunctions',
    'ListTags',
    'RemovePermission',
    'TagResource',
    'UntagResource',
    'UpdateFunctionCode',
    'UpdateFunctionConfiguration',
  ],
}

/**
 * What the models do not say: which limit counts bytes, and which further members are credentials. A shape by its
 * name, or one structure's member by both names.
 */
const CORRECTIONS: Named<Named<object>> = {
  // https://docs.aws.amazon.com/secretsmanager/latest/userguide/reference_limits.html
  secretsmanager: { SecretStringType: { countsBytes: true } },
  // DIVERGENCE: AWS repeats one-time codes in validation errors and shows session tokens in the trail; we
  // treat both as sensitive.
  iam: { authenticationCodeType: { sensitive: true } },
  // CloudTrail hides what is published; a confirmation's token and a webhook's URL are capabilities.
  sns: {
    message: { sensitive: true },
    subject: { sensitive: true },
    MessageAttributeMap: { sensitive: true },
    token: { sensitive: true },
    endpoint: { sensitive: true },
  },
  sts: { tokenCodeType: { sensitive: true }, tokenType: { sensitive: true } },
  events: {
    // The same texts as the model's own patterns, whose ways to match one text are many: those take exponential time.
    HeaderValue: { pattern: '^\\t*[\\x20-\\x7E][\\t\\x20-\\x7E]*$' },
    PathParameter: { pattern: '^[ \\t\\x0B\\f]*[^ \\t\\n\\x0B\\f\\r\\u2028\\u2029].*$' },
    // DIVERGENCE: AWS's model lets the trail show a target's constant input and template, and the detail of a custom
    // event. They may hold a credential, so we treat them as sensitive.
    TargetInput: { sensitive: true },
    TransformerInput: { sensitive: true },
    'PutEventsRequestEntry.Detail': { sensitive: true },
    'TestEventPatternRequest.Event': { sensitive: true },
  },
  lambda: {
    // What functions of ordinary kinds may have.
    // https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html
    Timeout: { max: 900 },
    MemorySize: { max: 10_240 },
    // Printed by the function, or given to it: either may hold what it works with.
    'InvocationResponse.LogResult': { sensitive: true },
    'InvocationRequest.ClientContext': { sensitive: true },
  },
}

// Copied as they are; compiled; without effect on these protocols. Any other trait stops the run: it may rename
// or move a member (locationName, streaming), and to ignore it would be a silent error.
const COPIED = ['type', 'required', 'min', 'max', 'pattern', 'enum', 'sensitive', 'flattened', 'payload']
/** Where REST-JSON puts members that are not in the body. */
const LOCATIONS = ['uri', 'querystring', 'header', 'statusCode']
const COMPILED = ['shape', 'members', 'member', 'key', 'value', 'exception', 'error', 'fault']
const WITHOUT_EFFECT = ['box', 'deprecated', 'deprecatedMessage', 'union', 'idempotencyToken', 'contextParam']

function refuseUnknownTraits(name: string, traits: object): void {
  const known = [...COPIED, ...COMPILED, ...WITHOUT_EFFECT]
  const unknown = Object.keys(traits).filter((trait) => !known.includes(trait))
  if (unknown.length > 0) throw new Error(`${name} has traits this generator does not know: ${unknown}`)
}

/** The table of one service: reachable shapes only, each after those it refers to, equal ones merged. */
export function compileModel(service: string, model: SourceModel) {
  const shapes: string[] = []
  const indices = new Map<string, number | 'open'>()

  function reference({ shape: name, ...traits }: Target): number {
    refuseUnknownTraits(`${service}: a member of shape ${name}`, traits)
    const known = indices.get(name)
    if (known === 'open') throw new Error(`${service}: ${name} contains itself; no codec expects that`)
    if (known !== undefined) return known
    indices.set(name, 'open')
    const text = JSON.stringify(compileShape(name))
    const equal = shapes.indexOf(text)
    const index = equal >= 0 ? equal : shapes.push(text) - 1
    indices.set(name, index)
    return index
  }

  function compileShape(name: string): object {
    const source = model.shapes[name]
    if (!source) throw new Error(`${service}: there is no shape ${name}`)
    refuseUnknownTraits(`${service}: ${name}`, source)
    const { members, member, key, value, payload } = source
    if (payload && model.shapes[members?.[payload]?.shape ?? '']?.type !== 'blob')
      throw new Error(`${service}: ${name} has a payload that is no blob; no codec expects that`)
    return {
      ...Object.fromEntries(Object.entries(source).filter(([trait]) => COPIED.includes(trait))),
      ...(members && { members: mapValues(members, (target, each) => memberOf(`${name}.${each}`, target)) }),
      ...locationsOf(members ?? {}),
      ...(member && { member: reference(member) }),
      ...(key && { key: reference(unnamed(key)), ...named('keyName', key) }),
      ...(value && { value: reference(unnamed(value)), ...named('valueName', value) }),
      ...CORRECTIONS[service]?.[name],
    }
  }

  /** A structure's member: its shape, unless a correction gives it one of its own. */
  function memberOf(path: string, target: Target): number {
    const correction = CORRECTIONS[service]?.[path]
    const shape = reference(unlocated(target))
    return correction
      ? shapes.push(JSON.stringify({ ...JSON.parse(shapes[shape] ?? ''), ...correction })) - 1
      : shape
  }

  const answered = Object.entries(model.operations).filter(
    ([name]) => ANSWERED[service]?.includes(name) ?? true,
  )
  const operations = mapValues(Object.fromEntries(answered), ({ input, output, http }) => ({
    ...(input && { input: reference({ shape: input.shape }) }),
    ...(output && { output: reference({ shape: output.shape }) }),
    ...(model.metadata.protocol === 'rest-json' && http && { http: httpOf(http) }),
  }))
  const { apiVersion, protocol, endpointPrefix, signingName = endpointPrefix, ...rest } = model.metadata
  // SDKs disagree about the namespace in front of CloudTrail's target prefix, and agree about its last part.
  const targetPrefix = rest.targetPrefix?.split('.').at(-1)
  const metadata = { name: service, signingName, protocol, apiVersion, targetPrefix }
  return { ...metadata, xmlNamespace: rest.xmlNamespace, operations, errors: compileErrors(model), shapes }
}

/** How a map spells its keys or values on the wire, where not as `key` or `value`. */
function named(trait: 'keyName' | 'valueName', { locationName }: Target): object {
  return locationName === undefined ? {} : { [trait]: locationName }
}

/** A member without its place in a REST request; one without a place keeps its other name, which is refused. */
function unlocated({ location, locationName, ...target }: Target): Target {
  if (location === undefined) return { ...target, ...(locationName !== undefined && { locationName }) }
  if (!LOCATIONS.includes(location)) throw new Error(`No codec expects a member in ${location}`)
  return target
}

/** Where members are that are not in the body: `["header", "X-Amz-Log-Type"]`. */
function locationsOf(members: Named<Target>): object {
  const located = Object.entries(members).filter(([, { location }]) => location !== undefined)
  if (located.length === 0) return {}
  return {
    locations: Object.fromEntries(
      located.map(([name, { location, locationName = name }]) => [name, [location, locationName]]),
    ),
  }
}

function httpOf({ method, requestUri, responseCode = 200 }: NonNullable<SourceOperation['http']>): object {
  return { method, uri: requestUri, status: responseCode }
}

function unnamed({ locationName: _, ...target }: Target): Target {
  return target
}

function mapValues<T, U>(record: Named<T>, change: (value: T, name: string) => U): Named<U> {
  return Object.fromEntries(Object.entries(record).map(([name, value]) => [name, change(value, name)]))
}

/** Errors by their code on the wire. JSON services model no status: 400, or 500 for the service's own faults. */
function compileErrors({ shapes, metadata }: SourceModel): Named<object> {
  const errors: Record<string, object> = {}
  for (const [name, { exception, error, fault, members = {} }] of Object.entries(shapes)) {
    if (!exception) continue
    const code = error?.code ?? name
    // Further members, such as a status, say nothing that the code does not; REST services say whose fault it is.
    const message = Object.keys(members).find((member) => /^[Mm]essage$/.test(member))
    if (errors[code]) throw new Error(`${name}: its code is taken`)
    const typed = metadata.protocol === 'rest-json' && 'Type' in members
    errors[code] = { status: error?.httpStatusCode ?? (fault ? 500 : 400), message, ...(typed && { typed }) }
  }
  return errors
}

/** One operation, error and shape a line, so that a refreshed model is read as a diff. */
function tableText({ operations, errors, shapes, ...metadata }: ReturnType<typeof compileModel>): string {
  const line = ([name, value]: [string, unknown]) => `${JSON.stringify(name)}: ${JSON.stringify(value)}`
  const block = (record: object) => `{\n    ${Object.entries(record).map(line).join(',\n    ')}\n  }`
  const fields = Object.entries(metadata).filter(([, value]) => value !== undefined)
  return `{\n  ${fields.map(line).join(',\n  ')},\n  "operations": ${block(operations)},
  "errors": ${block(errors)},\n  "shapes": [\n    ${shapes.join(',\n    ')}\n  ]\n}\n`
}

/** Every generated file: its name and its text. */
export function generate(): ReadonlyMap<string, string> {
  const files = new Map<string, string>()
  let unions = ''
  for (const service of SERVICES) {
    const model: SourceModel = JSON.parse(readFileSync(join(MODELS, `${service}.json`), 'utf8'))
    const table = compileModel(service, model)
    files.set(`${service}.json`, tableText(table))
    unions += `  ${service}:\n    | '${Object.keys(table.operations).join("'\n    | '")}'\n`
  }
  const comment = '/** Names of the modelled operations. Written by scripts/generate-models.ts. */'
  return files.set('operations.ts', `${comment}\nexport interface Operations {\n${unions}}\n`)
}

if (import.meta.main) {
  for (const [name, text] of generate()) {
    const path = join(GENERATED, name)
    if (!process.argv.includes('--check')) writeFileSync(path, text)
    else if (readFileSync(path, 'utf8') !== text) {
      console.error(`${path} differs from models/: npm run generate`)
      process.exitCode = 1
    }
  }
}
