import { AwsError } from './aws-error.ts'
import { decodeBase64 } from './base64.ts'
import { refuseCostlyJson } from './json-limits.ts'
import type { OperationModel } from './model.ts'
import {
  type ListShape,
  type MapShape,
  type Members,
  oncePerShape,
  type Shape,
  type StructureShape,
  unreachable,
} from './shape.ts'

type Decode = (value: unknown) => unknown

// ignoreBOM keeps a byte order mark in the text, where JSON.parse refuses it.
const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

/**
 * A JSON 1.1 body as the operation's input: modelled members only, each of its modelled type; blobs as bytes of
 * their own, timestamps as Dates, maps without a prototype. Unknown members are ignored and null members are
 * absent, as in AWS; an empty body is an empty input. What the model constrains is left to `validate`.
 *
 * @throws AwsError SerializationException, whose sentence never repeats a value
 */
export function decodeJson(operation: OperationModel, body: Uint8Array): Members {
  return decodeJsonAs(operation.input, body)
}

/** The same for a body that is one structure and not a whole input. */
export function decodeJsonAs(shape: StructureShape, body: Uint8Array): Members {
  return structureDecoder(shape)(body.length === 0 ? {} : parse(body))
}

function parse(body: Uint8Array): unknown {
  try {
    const text = utf8.decode(body)
    refuseCostlyJson(text)
    return JSON.parse(text)
  } catch (error) {
    if (error instanceof AwsError) throw error
    // DIVERGENCE: AWS gives no sentence here. Ours is not the parser's own, which quotes the body.
    throw refused('The request body is not valid JSON')
  }
}

const decoder = oncePerShape((shape: Shape): Decode => {
  switch (shape.type) {
    case 'structure':
      return structureDecoder(shape)
    case 'list':
      return listDecoder(shape)
    case 'map':
      return mapDecoder(shape)
    case 'string':
      return decodeString
    case 'boolean':
      return (value) => (typeof value === 'boolean' ? value : mismatch(value, 'a Boolean'))
    // DIVERGENCE: AWS cuts the fraction off a number where an integer belongs; we refuse the number.
    case 'integer':
      return (value) => (Number.isSafeInteger(value) ? value : mismatch(value, 'an Integer'))
    case 'long':
      return (value) => (Number.isSafeInteger(value) ? value : mismatch(value, 'a Long'))
    case 'float':
    case 'double':
      return (value) => (typeof value === 'number' ? value : mismatch(value, 'a Double'))
    case 'timestamp':
      return decodeTimestamp
    case 'blob':
      return decodeBlob
    default:
      return unreachable(shape)
  }
})

const structureDecoder = oncePerShape((shape: StructureShape) => {
  const members = new Map(shape.members.map((member) => [member.name, decoder(member.shape)]))
  return (value: unknown): Members => {
    if (!isObject(value)) return mismatch(value, undefined, 'Expected null')
    const decoded: Record<string, unknown> = {}
    for (const name of Object.keys(value)) {
      const decode = members.get(name)
      const member = value[name]
      if (decode && member !== null) decoded[name] = decode(member)
    }
    return decoded
  }
})

function listDecoder(shape: ListShape): Decode {
  const decode = decoder(shape.member)
  // DIVERGENCE: AWS drops a null element; we refuse it with the element type's sentence, because a list that
  // silently shrinks hides a mistake.
  return (value) =>
    Array.isArray(value) ? value.map(decode) : mismatch(value, undefined, 'Expected list or null')
}

function mapDecoder(shape: MapShape): Decode {
  const decode = decoder(shape.value)
  return (value) => {
    if (!isObject(value)) return mismatch(value, undefined, 'Expected map or null')
    // The caller chooses the keys: without a prototype, `__proto__` is a key like any other.
    const decoded: Record<string, unknown> = Object.create(null)
    for (const key of Object.keys(value)) decoded[decodeString(key)] = decode(value[key])
    return decoded
  }
}

/** Half of a surrogate pair has no UTF-8: stored, it would come back as another character. */
function decodeString(value: unknown): string {
  if (typeof value !== 'string') return mismatch(value, 'a String')
  return value.isWellFormed() ? value : refused('A string is not valid Unicode')
}

function decodeTimestamp(value: unknown): Date {
  const target = 'milliseconds since epoch'
  if (typeof value !== 'number') return mismatch(value, target)
  const date = new Date(Math.round(value * 1000))
  return Number.isNaN(date.getTime()) ? mismatch(value, target) : date
}

function decodeBlob(value: unknown): Uint8Array {
  const bytes = typeof value === 'string' ? decodeBase64(value) : undefined
  return bytes ?? mismatch(value, 'a Blob')
}

function isObject(value: unknown): value is Members {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/**
 * Refuses a value of the wrong JSON type with AWS's sentence, which names the type and not the value.
 * A scalar where a list, map or structure belongs has its own sentence, `forScalar`.
 */
function mismatch(value: unknown, target: string | undefined, forScalar?: string): never {
  if (Array.isArray(value)) return refused('Start of list found where not expected')
  if (isObject(value)) return refused('Start of structure or map found where not expected.')
  if (forScalar) return refused(forScalar)
  const kind =
    typeof value === 'string' ? 'STRING' : typeof value === 'number' ? 'NUMBER' : String(value).toUpperCase()
  return refused(`${kind}_VALUE can not be converted to ${target}`)
}

function refused(message: string): never {
  throw new AwsError('SerializationException', message)
}
