import { AwsError } from './aws-error.ts'
import { decodeJsonAs } from './json-decode.ts'
import type { OperationModel } from './model.ts'
import { matchRest } from './rest-route.ts'
import {
  type Location,
  type Member,
  type Members,
  oncePerShape,
  type Shape,
  type StructureShape,
} from './shape.ts'

/** A REST request as it came off the wire. */
export interface RestRequest {
  readonly method: string
  /** As received, up to the `?`, still percent-encoded. */
  readonly path: string
  /** As received, after the `?`, still percent-encoded. */
  readonly query: string
  /** name, value, name, value … */
  readonly headers: readonly string[]
  readonly body: Uint8Array
}

/**
 * A REST-JSON request as the operation's input: members from the path, the query, the headers and the body, each of
 * its modelled type. The request must be the operation's, see `matchRest`. A `+` in the query is a plus, as it is
 * for the signature. Unknown parameters, headers and members are ignored; the body is read as `decodeJson` reads it.
 *
 * @throws AwsError SerializationException, whose sentence never repeats a value
 */
export function decodeRest(operation: OperationModel, request: RestRequest): Members {
  const { located, body } = partsOf(operation.input)
  const labels = matchRest(operation.service, request.method, request.path)?.labels ?? new Map()
  const query = parseQuery(request.query)
  const decoded: Record<string, unknown> = { ...body(request.body) }
  for (const { name, shape, location } of located) {
    const texts = textsAt(location, { labels, query, headers: request.headers })
    const value = fromTexts(shape, texts)
    if (value !== undefined) decoded[name] = value
  }
  return decoded
}

type Located = Member & { readonly location: Location }

interface Parts {
  readonly located: readonly Located[]
  body(bytes: Uint8Array): Members
}

const partsOf = oncePerShape((shape: StructureShape): Parts => {
  const located = shape.members.filter((member): member is Located => member.location !== undefined)
  const { payload } = shape
  // The payload is a blob: the generator refuses any other.
  if (payload !== undefined)
    return { located, body: (bytes) => (bytes.length === 0 ? {} : { [payload]: bytes }) }
  const members = shape.members.filter(({ location }) => location === undefined)
  if (members.length === 0) return { located, body: () => ({}) }
  const inBody: StructureShape = { type: 'structure', members }
  return { located, body: (bytes) => decodeJsonAs(inBody, bytes) }
})

interface Places {
  readonly labels: ReadonlyMap<string, string>
  readonly query: ReadonlyMap<string, readonly string[]>
  readonly headers: readonly string[]
}

function textsAt({ kind, name }: Location, { labels, query, headers }: Places): readonly string[] {
  switch (kind) {
    case 'uri': {
      const label = labels.get(name)
      return label === undefined ? [] : [decodeComponent(label)]
    }
    case 'querystring':
      return query.get(name) ?? []
    case 'header':
      return headerTexts(headers, name.toLowerCase())
    case 'statusCode':
      return []
  }
}

function headerTexts(headers: readonly string[], name: string): readonly string[] {
  const texts: string[] = []
  for (let i = 0; i + 1 < headers.length; i += 2)
    if (headers[i]?.toLowerCase() === name) texts.push(headers[i + 1] ?? '')
  return texts
}

function parseQuery(query: string): ReadonlyMap<string, readonly string[]> {
  const parameters = new Map<string, string[]>()
  for (const pair of query.split('&')) {
    if (pair === '') continue
    const equals = pair.indexOf('=')
    const name = decodeComponent(equals === -1 ? pair : pair.slice(0, equals))
    const value = equals === -1 ? '' : decodeComponent(pair.slice(equals + 1))
    const known = parameters.get(name)
    if (known) known.push(value)
    else parameters.set(name, [value])
  }
  return parameters
}

function decodeComponent(text: string): string {
  try {
    // What is no ASCII was never encoded, and has no one meaning.
    if (/^[\x21-\x7e]*$/.test(text)) return decodeURIComponent(text)
  } catch {
    // Said below.
  }
  throw refused('The request URI is not valid URL-encoded UTF-8')
}

/** The texts as a value of the shape; undefined where there are none. */
function fromTexts(shape: Shape, texts: readonly string[]): unknown {
  const [first, second] = texts
  if (first === undefined) return undefined
  if (shape.type === 'list') return texts.map((text) => scalar(shape.member, text))
  // DIVERGENCE: AWS follows one of the values of a parameter given twice; we refuse the request.
  if (second !== undefined) throw refused('A parameter is given more than once')
  return scalar(shape, first)
}

function scalar({ type }: Shape, text: string): unknown {
  switch (type) {
    case 'string':
      return text
    case 'boolean':
      if (text !== 'true' && text !== 'false') throw refused('A parameter is not a Boolean')
      return text === 'true'
    case 'integer':
    case 'long':
      if (!/^-?\d{1,15}$/.test(text)) throw refused('A parameter is not an Integer')
      return Number(text)
    default:
      throw new Error(`No codec expects a ${type} outside of a body`)
  }
}

function refused(message: string): AwsError {
  return new AwsError('SerializationException', message)
}
