import { encodeBase64 } from './base64.ts'
import {
  expectBoolean,
  expectBytes,
  expectDate,
  expectList,
  expectMembers,
  expectNumber,
  expectString,
} from './expect.ts'
import type { OperationModel } from './model.ts'
import { oncePerShape, type Shape, type StructureShape, unreachable } from './shape.ts'

/** Makes what JSON.stringify is given. `member` names the value in complaints. */
type Encode = (value: unknown, member: string) => unknown

const utf8 = new TextEncoder()

/**
 * A handler's output as a JSON 1.1 body: modelled members only, absent ones omitted, Dates as epoch seconds with
 * milliseconds behind the point, bytes as base64. An operation without an output answers an empty body.
 *
 * @throws TypeError when the output does not have its modelled type, naming the member and not the value
 */
export function encodeJson(operation: OperationModel, output: unknown): Uint8Array {
  if (!operation.output) return new Uint8Array()
  return encodeJsonAs(operation.output, output, operation.name)
}

/** The same for a body that is one structure and not a whole output; `name` stands for it in complaints. */
export function encodeJsonAs(shape: StructureShape, output: unknown, name: string): Uint8Array {
  return utf8.encode(JSON.stringify(encoder(shape)(output, name)))
}

const encoder = oncePerShape((shape: Shape): Encode => {
  switch (shape.type) {
    case 'structure':
      return structureEncoder(shape)
    case 'list': {
      const encode = encoder(shape.member)
      return (value, member) => expectList(value, member).map((element) => encode(element, member))
    }
    case 'map': {
      const encode = encoder(shape.value)
      return (value, member) => {
        // Without a prototype, a key `__proto__` is a key like any other.
        const encoded: Record<string, unknown> = Object.create(null)
        for (const [key, entry] of Object.entries(expectMembers(value, member)))
          encoded[key] = encode(entry, member)
        return encoded
      }
    }
    case 'string':
      return expectString
    case 'boolean':
      return expectBoolean
    case 'integer':
    case 'long':
    case 'float':
    case 'double':
      return expectNumber
    case 'timestamp':
      return (value, member) => expectDate(value, member).getTime() / 1000
    case 'blob':
      return (value, member) => encodeBase64(expectBytes(value, member))
    default:
      return unreachable(shape)
  }
})

function structureEncoder(shape: StructureShape): Encode {
  const encoders = shape.members.map(({ name, shape: member }) => ({ name, encode: encoder(member) }))
  return (value, member) => {
    const structure = expectMembers(value, member)
    const encoded: Record<string, unknown> = {}
    for (const { name, encode } of encoders) {
      const content = structure[name]
      if (content !== undefined) encoded[name] = encode(content, name)
    }
    return encoded
  }
}
