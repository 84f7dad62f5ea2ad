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
import {
  type ListShape,
  type MapShape,
  oncePerShape,
  type Shape,
  type StructureShape,
  unreachable,
} from './shape.ts'
import { escapeXml } from './xml.ts'

/** Writes an element, with its tags. */
type Encode = (name: string, value: unknown) => string

const utf8 = new TextEncoder()

/**
 * A handler's output as the XML of a Query answer: modelled members only, absent ones omitted, Dates in ISO 8601,
 * bytes as base64.
 *
 * @throws TypeError when the output does not have its modelled type, naming the member and not the value
 * @see https://smithy.io/2.0/aws/protocols/aws-query-protocol.html
 */
export function encodeQuery(operation: OperationModel, output: unknown, requestId: string): Uint8Array {
  const { name, service } = operation
  const result = operation.output ? encoder(operation.output)(`${name}Result`, output) : ''
  const metadata = `<ResponseMetadata><RequestId>${escapeXml(requestId)}</RequestId></ResponseMetadata>`
  const opening = `<${name}Response xmlns="${escapeXml(service.xmlNamespace ?? '')}">`
  return utf8.encode(`${opening}${result}${metadata}</${name}Response>`)
}

const encoder = oncePerShape((shape: Shape): Encode => {
  switch (shape.type) {
    case 'structure':
      return structureEncoder(shape)
    case 'list':
      return listEncoder(shape)
    case 'map':
      return mapEncoder(shape)
    case 'string':
      return (name, value) => element(name, escapeXml(expectString(value, name)))
    case 'boolean':
      return (name, value) => element(name, String(expectBoolean(value, name)))
    case 'integer':
    case 'long':
    case 'float':
    case 'double':
      return (name, value) => element(name, String(expectNumber(value, name)))
    case 'timestamp':
      // AWS writes whole seconds without a fraction.
      return (name, value) => element(name, expectDate(value, name).toISOString().replace('.000Z', 'Z'))
    case 'blob':
      return (name, value) => element(name, encodeBase64(expectBytes(value, name)))
    default:
      return unreachable(shape)
  }
})

function structureEncoder(shape: StructureShape): Encode {
  const members = shape.members.map((member) => ({ name: member.name, encode: encoder(member.shape) }))
  return (name, value) => {
    const structure = expectMembers(value, name)
    let content = ''
    for (const member of members) {
      const memberValue = structure[member.name]
      if (memberValue !== undefined) content += member.encode(member.name, memberValue)
    }
    return element(name, content)
  }
}

function listEncoder(shape: ListShape): Encode {
  const encode = encoder(shape.member)
  return (name, value) => {
    const elementName = shape.flattened ? name : 'member'
    const content = expectList(value, name)
      .map((item) => encode(elementName, item))
      .join('')
    return shape.flattened ? content : element(name, content)
  }
}

function mapEncoder(shape: MapShape): Encode {
  const encode = encoder(shape.value)
  const { keyName = 'key', valueName = 'value' } = shape
  return (name, value) => {
    const entryName = shape.flattened ? name : 'entry'
    const content = Object.entries(expectMembers(value, name))
      .map(([key, item]) => element(entryName, element(keyName, escapeXml(key)) + encode(valueName, item)))
      .join('')
    return shape.flattened ? content : element(name, content)
  }
}

function element(name: string, content: string): string {
  return `<${name}>${content}</${name}>`
}
