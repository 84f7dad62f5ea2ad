import { AwsError } from './aws-error.ts'
import { decodeBase64 } from './base64.ts'
import type { FormParameters } from './form.ts'
import type { OperationModel } from './model.ts'
import {
  type ListShape,
  type MapShape,
  type Member,
  type Members,
  oncePerShape,
  type Shape,
  type StructureShape,
  unreachable,
} from './shape.ts'

/** How many names may stand in a parameter's path, `Tags.member.1.Key` being four. */
const MAX_PATH_NAMES = 16

/** A place in the tree that dotted parameter names spell: `Tags.member.1.Key`. */
interface Node {
  text?: string
  readonly children: Map<string, Node>
}
type Decode = (node: Node) => unknown

/**
 * Query parameters as the operation's input: modelled members only, each of its modelled type; blobs as bytes of
 * their own, timestamps as Dates, maps without a prototype. `Action`, `Version` and other parameters that are
 * no members are ignored, as in AWS. Lists keep the order of their indices; gaps close.
 *
 * @throws AwsError MalformedInput, whose sentence never repeats a value
 * @see https://smithy.io/2.0/aws/protocols/aws-query-protocol.html
 */
export function decodeQuery(operation: OperationModel, parameters: FormParameters): Members {
  return query(operation.input)(treeOf(parameters))
}

/**
 * The same for EC2, whose lists are all flattened (`InstanceId.1`) and whose members have names of their own.
 *
 * @throws AwsError InvalidParameterValue, whose sentence never repeats a value
 * @see https://smithy.io/2.0/aws/protocols/aws-ec2-query-protocol.html
 */
export function decodeEc2(operation: OperationModel, parameters: FormParameters): Members {
  try {
    return ec2(operation.input)(treeOf(parameters))
  } catch (error) {
    if (error instanceof AwsError) throw new AwsError('InvalidParameterValue', error.message)
    throw error
  }
}

function treeOf(parameters: FormParameters): Node {
  const root: Node = { children: new Map() }
  for (const [name, text] of parameters) {
    const path = name.split('.', MAX_PATH_NAMES + 1)
    if (path.length > MAX_PATH_NAMES) throw malformed('A parameter is nested too deeply')
    let node = root
    for (const part of path) {
      let child = node.children.get(part)
      if (!child) {
        child = { children: new Map() }
        node.children.set(part, child)
      }
      node = child
    }
    node.text = text
  }
  return root
}

/** In what the two protocols of forms differ. */
interface Dialect {
  nameOf(member: Member): string
  isFlattened(shape: ListShape | MapShape): boolean
}

const query = structures({ nameOf: ({ name }) => name, isFlattened: ({ flattened }) => flattened === true })
const ec2 = structures({
  // The name in answers, `instanceId`, begins with a capital in requests.
  nameOf: ({ name, wireName = name }) => wireName.charAt(0).toUpperCase() + wireName.slice(1),
  isFlattened: () => true,
})

/** Decoders of a dialect, each compiled once. */
function structures({ nameOf, isFlattened }: Dialect): (shape: StructureShape) => (node: Node) => Members {
  const decoder = oncePerShape((shape: Shape): Decode => {
    switch (shape.type) {
      case 'structure':
        return structureDecoder(shape)
      case 'list':
        return listDecoder(shape)
      case 'map':
        return mapDecoder(shape)
      default:
        return scalarDecoder(shape)
    }
  })

  const structureDecoder = oncePerShape((shape: StructureShape) => {
    const members = shape.members.map((member) => ({
      name: member.name,
      wireName: nameOf(member),
      decode: decoder(member.shape),
    }))
    return (node: Node): Members => {
      if (node.text) throw malformed('A structure is given as a text')
      const decoded: Record<string, unknown> = {}
      for (const { name, wireName, decode } of members) {
        const child = node.children.get(wireName)
        if (child) decoded[name] = decode(child)
      }
      return decoded
    }
  })

  function listDecoder(shape: ListShape): Decode {
    const decode = decoder(shape.member)
    return (node) => numbered(node, isFlattened(shape) ? undefined : 'member').map(decode)
  }

  function mapDecoder(shape: MapShape): Decode {
    const decode = decoder(shape.value)
    const decodeKey = scalar(decodeString)
    const { keyName = 'key', valueName = 'value' } = shape
    return (node) => {
      // The caller chooses the keys: without a prototype, `__proto__` is a key like any other.
      const decoded: Record<string, unknown> = Object.create(null)
      for (const { children } of numbered(node, isFlattened(shape) ? undefined : 'entry')) {
        const key = children.get(keyName)
        const value = children.get(valueName)
        if (!key || !value) throw malformed('A map has a key without a value, or a value without a key')
        decoded[String(decodeKey(key))] = decode(value)
      }
      return decoded
    }
  }

  return structureDecoder
}

function scalarDecoder(shape: Exclude<Shape, StructureShape | ListShape | MapShape>): Decode {
  switch (shape.type) {
    case 'string':
      return scalar(decodeString)
    case 'boolean':
      return scalar((text) => (text === 'true' ? true : text === 'false' ? false : undefined))
    case 'integer':
    case 'long':
      return scalar(decodeInteger)
    case 'float':
    case 'double':
      return scalar((text) => (/^-?\d+(\.\d+)?([eE][+-]?\d+)?$/.test(text) ? Number(text) : undefined))
    case 'timestamp':
      return scalar(decodeTimestamp)
    case 'blob':
      return scalar(decodeBase64)
    default:
      return unreachable(shape)
  }
}

/**
 * The elements under `X.member.1`, `X.member.2`, … or, flattened, `X.1`, `X.2`, … in the order of their numbers.
 * SDKs write an empty list as `X=`.
 */
function numbered(node: Node, wrapper: string | undefined): readonly Node[] {
  const inner = wrapper ? node.children.get(wrapper) : node
  // `X.1` where `X.member.1` belongs must not pass for an empty list: a missing list may mean "unrestricted".
  const isOther = wrapper !== undefined && node.children.size > (inner ? 1 : 0)
  if (node.text || inner?.text || isOther) throw malformed('A list or map is not spelled as one')
  const indexed = [...(inner?.children ?? [])].map(([index, element]) => {
    // Not `01`, which would be a second name for the first element.
    if (!/^[1-9]\d{0,5}$/.test(index)) throw malformed('A list index is not a number from 1')
    return { index: Number(index), element }
  })
  return indexed.sort((a, b) => a.index - b.index).map(({ element }) => element)
}

function scalar<T>(decode: (text: string) => T | undefined): Decode {
  return ({ text, children }) => {
    const value = text === undefined || children.size > 0 ? undefined : decode(text)
    if (value === undefined) throw malformed('A parameter does not have the type of its member')
    return value
  }
}

function decodeString(text: string): string {
  return text
}

function decodeInteger(text: string): number | undefined {
  const value = /^-?\d{1,16}$/.test(text) ? Number(text) : undefined
  return Number.isSafeInteger(value) ? value : undefined
}

function decodeTimestamp(text: string): Date | undefined {
  const isIso8601 = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,9})?(Z|[+-]\d\d:\d\d)$/.test(text)
  const date = new Date(isIso8601 ? text : Number.NaN)
  return Number.isNaN(date.getTime()) ? undefined : date
}

function malformed(message: string): AwsError {
  return new AwsError('MalformedInput', message)
}
