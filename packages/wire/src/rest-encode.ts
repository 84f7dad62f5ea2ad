import { expectBytes, expectMembers, expectNumber, expectString } from './expect.ts'
import { encodeJsonAs } from './json-encode.ts'
import type { OperationModel } from './model.ts'
import { oncePerShape, type StructureShape } from './shape.ts'

/** A REST answer but for what every answer gets, such as its length. */
export interface RestAnswer {
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  readonly body: Uint8Array
}

const NO_BODY = new Uint8Array()
const JSON_TYPE = { 'content-type': 'application/json' } as const

/**
 * A handler's output as a REST-JSON answer: members in the headers and the status where the model puts them, the
 * rest as the body is told by `encodeJson`. Absent members are omitted.
 *
 * @throws TypeError when the output does not have its modelled type, naming the member and not the value
 */
export function encodeRest(operation: OperationModel, output: unknown): RestAnswer {
  const status = operation.http?.status ?? 200
  if (!operation.output) return { status, headers: {}, body: NO_BODY }
  const members = expectMembers(output, operation.name)
  const { located, body } = partsOf(operation.output)
  let answerStatus = status
  const headers: Record<string, string> = {}
  for (const { name, location } of located) {
    const value = members[name]
    if (value === undefined) continue
    if (location.kind === 'statusCode') answerStatus = expectNumber(value, name)
    else headers[location.name] = headerText(expectString(value, name), name)
  }
  const bytes = body(members, operation.name)
  return { status: answerStatus, headers: { ...(bytes.length > 0 && JSON_TYPE), ...headers }, body: bytes }
}

const partsOf = oncePerShape((shape: StructureShape) => {
  const located = shape.members.flatMap(({ name, location }) => (location ? [{ name, location }] : []))
  return { located, body: bodyOf(shape) }
})

function bodyOf(
  shape: StructureShape,
): (output: Readonly<Record<string, unknown>>, name: string) => Uint8Array {
  const { payload } = shape
  if (payload !== undefined)
    return (output) => (output[payload] === undefined ? NO_BODY : expectBytes(output[payload], payload))
  const members = shape.members.filter(({ location }) => location === undefined)
  if (members.length === 0) return () => NO_BODY
  const inBody: StructureShape = { type: 'structure', members }
  return (output, name) => encodeJsonAs(inBody, output, name)
}

/** What could end the header, or be read as another character, never leaves. */
function headerText(text: string, member: string): string {
  if (/^[\x20-\x7e]*$/.test(text)) return text
  throw new TypeError(`The output's ${member} cannot be written as a header`)
}
