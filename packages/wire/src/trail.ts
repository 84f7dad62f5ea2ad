import { expectDate, expectList, expectMembers } from './expect.ts'
import { lowerFirst } from './lower-first.ts'
import type { OperationModel } from './model.ts'
import { oncePerShape, type Shape, type StructureShape } from './shape.ts'

type Project = (value: unknown) => unknown

/**
 * An operation's decoded input as a trail event's `requestParameters`: member names with a lower-case first
 * letter, instants as ISO 8601 text. Sensitive members and blobs are left out or replaced, so no value that the
 * model, or our correction of it, calls sensitive can reach the trail. The input need not be valid.
 *
 * @see https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-event-reference-record-contents.html
 */
export function trailParameters(operation: OperationModel, input: unknown): Record<string, unknown> {
  return structureProjection(operation.input)(input)
}

/** A handler's output as a trail event's `responseElements`; the same rules as {@link trailParameters}. */
export function trailResponse(operation: OperationModel, output: unknown): Record<string, unknown> {
  return operation.output ? structureProjection(operation.output)(output) : {}
}

/** Undefined: values of this shape stay out of the trail. */
const projection = oncePerShape((shape: Shape): { readonly project: Project } | undefined => {
  const { trailText } = shape
  if (trailText !== undefined) return { project: () => trailText }
  // Bytes are ciphertext, keys or values: none tells an auditor anything.
  if (shape.sensitive || shape.type === 'blob') return undefined
  switch (shape.type) {
    case 'structure':
      return { project: structureProjection(shape) }
    case 'list': {
      const element = projection(shape.member)
      return element && { project: (value) => expectList(value, 'list').map(element.project) }
    }
    case 'map': {
      const entry = projection(shape.key) && projection(shape.value)
      return entry && { project: (value) => mapProjection(value, entry.project) }
    }
    case 'timestamp':
      return { project: (value) => expectDate(value, 'timestamp').toISOString() }
    default:
      return { project: (value) => value }
  }
})

const structureProjection = oncePerShape((shape: StructureShape) => {
  const members = shape.members.flatMap(({ name, shape: memberShape }) => {
    const projected = projection(memberShape)
    return projected ? [{ name, shownName: lowerFirst(name), project: projected.project }] : []
  })
  return (value: unknown): Record<string, unknown> => {
    const structure = expectMembers(value, 'structure')
    const shown: Record<string, unknown> = {}
    for (const { name, shownName, project } of members) {
      const content = structure[name]
      if (content !== undefined) shown[shownName] = project(content)
    }
    return shown
  }
})

function mapProjection(value: unknown, project: Project): Record<string, unknown> {
  // The caller chose the keys: without a prototype, `__proto__` is a key like any other.
  const shown: Record<string, unknown> = Object.create(null)
  for (const [key, entry] of Object.entries(expectMembers(value, 'map'))) shown[key] = project(entry)
  return shown
}
