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
  type Member,
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
  const resultName = `${name}Result`
  const result = operation.output ? element(resultName, query(operation.output, output, resultName)) : ''
  const metadata = `<ResponseMetadata><RequestId>${escapeXml(requestId)}</RequestId></ResponseMetadata>`
  const opening = `<${name}Response xmlns="${escapeXml(service.xmlNamespace ?? '')}">`
  return utf8.encode(`${opening}${result}${metadata}</${name}Response>`)
}

/**
 * The same for EC2: the members stand in the response itself, under names of their own, elements of lists in `<item>`.
 *
 * @throws TypeError when the output does not have its modelled type, naming the member and not the value
 * @see https://smithy.io/2.0/aws/protocols/aws-ec2-query-protocol.html
 */
export function encodeEc2(operation: OperationModel, output: unknown, requestId: string): Uint8Array {
  const { name, service } = operation
  // What has nothing to say answers that it was done.
  const content = operation.output ? ec2(operation.output, output, name) : '<return>true</return>'
  const opening = `<${name}Response xmlns="${escapeXml(service.xmlNamespace ?? '')}">`
  return utf8.encode(`${opening}${element('requestId', escapeXml(requestId))}${content}</${name}Response>`)
}

/** In what the two protocols that answer in XML differ. */
interface Dialect {
  nameOf(member: Member): string
  readonly itemName: string
}

const query = xmlOf({ nameOf: ({ name }) => name, itemName: 'member' })
const ec2 = xmlOf({ nameOf: ({ name, wireName = name }) => wireName, itemName: 'item' })

/** What writes the members of a structure, without an element around them; each shape's is compiled once. */
function xmlOf({
  nameOf,
  itemName,
}: Dialect): (shape: StructureShape, value: unknown, name: string) => string {
  const encoder = oncePerShape((shape: Shape): Encode => {
    switch (shape.type) {
      case 'structure': {
        const write = members(shape)
        return (name, value) => element(name, write(value, name))
      }
      case 'list':
        return listEncoder(shape)
      case 'map':
        return mapEncoder(shape)
      default:
        return scalarEncoder(shape)
    }
  })

  const members = oncePerShape((shape: StructureShape) => {
    const each = shape.members.map((member) => ({
      name: member.name,
      wireName: nameOf(member),
      encode: encoder(member.shape),
    }))
    return (value: unknown, name: string): string => {
      const structure = expectMembers(value, name)
      let content = ''
      for (const member of each) {
        const memberValue = structure[member.name]
        if (memberValue !== undefined) content += member.encode(member.wireName, memberValue)
      }
      return content
    }
  })

  function listEncoder(shape: ListShape): Encode {
    const encode = encoder(shape.member)
    return (name, value) => {
      const elementName = shape.flattened ? name : itemName
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

  return (shape, value, name) => members(shape)(value, name)
}

function scalarEncoder(shape: Exclude<Shape, StructureShape | ListShape | MapShape>): Encode {
  switch (shape.type) {
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
}

function element(name: string, content: string): string {
  return `<${name}>${content}</${name}>`
}
