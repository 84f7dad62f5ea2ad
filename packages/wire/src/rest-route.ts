import type { OperationModel, ServiceModel } from './model.ts'

/** A request's operation, and what its path says in the place of each label, still percent-encoded. */
interface Route {
  readonly operation: OperationModel
  readonly labels: ReadonlyMap<string, string>
}

interface Template {
  readonly operation: OperationModel
  readonly method: string
  readonly segments: readonly Segment[]
}
type Segment = { readonly literal: string } | { readonly label: string }

const templates = new WeakMap<ServiceModel, readonly Template[]>()

/**
 * The operation of a REST service that a method and a path ask for; undefined for none. A path that a signature
 * reads otherwise, with empty segments or dots, is no operation's; one slash at the end makes no difference, for
 * older SDKs write it.
 *
 * @param path As received, up to the `?`, still percent-encoded.
 */
export function matchRest(service: ServiceModel, method: string, path: string): Route | undefined {
  const [root, ...segments] = (path.endsWith('/') ? path.slice(0, -1) : path).split('/')
  if (root !== '' || segments.some((segment) => segment === '' || segment === '.' || segment === '..'))
    return undefined
  for (const template of templatesOf(service)) {
    const labels = template.method === method ? labelsOf(template.segments, segments) : undefined
    if (labels) return { operation: template.operation, labels }
  }
  return undefined
}

function labelsOf(
  expected: readonly Segment[],
  segments: readonly string[],
): ReadonlyMap<string, string> | undefined {
  if (expected.length !== segments.length) return undefined
  const labels = new Map<string, string>()
  for (const [i, part] of expected.entries()) {
    const segment = segments[i] ?? ''
    if ('label' in part) labels.set(part.label, segment)
    else if (part.literal !== segment) return undefined
  }
  return labels
}

function templatesOf(service: ServiceModel): readonly Template[] {
  const known = templates.get(service)
  if (known) return known
  const made = service.operationNames.flatMap((name) => {
    const operation = service.operation(name)
    return operation?.http
      ? [{ operation, method: operation.http.method, segments: segmentsOf(operation.http.uri) }]
      : []
  })
  // Of two that match, the one that spells more out.
  const ordered = made.toSorted((a, b) => labelCount(a) - labelCount(b))
  templates.set(service, ordered)
  return ordered
}

function segmentsOf(uri: string): readonly Segment[] {
  return uri
    .slice(1)
    .split('/')
    .map((segment) => {
      const label = /^\{(\w+)\}$/.exec(segment)?.[1]
      if (label !== undefined) return { label }
      // A greedy label, a query or a label in the middle of a segment: no model of ours has one.
      if (/[{}?]/.test(segment)) throw new Error(`No codec expects the URI ${uri}`)
      return { literal: segment }
    })
}

function labelCount({ segments }: Template): number {
  return segments.filter((segment) => 'label' in segment).length
}
