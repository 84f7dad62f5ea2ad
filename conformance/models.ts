import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

const MODELS = join(import.meta.dirname, '../models')
/** Every one that there is a model of, so that none is left out. */
const SERVICES = readdirSync(MODELS)
  .filter((file) => file.endsWith('.json'))
  .map((file) => file.replace('.json', ''))

/**
 * What AWS's models do not call sensitive and is: a shape by its name, or one structure's member by both names.
 * Lockstep's own list is in scripts/generate-models.ts; this one is written apart from it on purpose.
 */
const MORE_SENSITIVE: Readonly<Record<string, readonly string[]>> = {
  // One-time codes and session tokens.
  iam: ['authenticationCodeType'],
  sts: ['tokenCodeType', 'tokenType'],
  // What people publish; who has a token confirms a subscription, and the URL of a webhook may be all that guards it.
  sns: ['message', 'subject', 'MessageAttributeMap', 'token', 'endpoint'],
  // What a function is given besides its payload, and what it prints, which may be either.
  lambda: ['InvocationRequest.ClientContext', 'InvocationResponse.LogResult'],
  // What targets are told, and what custom events tell of.
  events: [
    'TargetInput',
    'TransformerInput',
    'PutEventsRequestEntry.Detail',
    'TestEventPatternRequest.Event',
  ],
  // Who has an activation code adds machines; what a command prints may be anything that its node holds.
  ssm: [
    'ActivationCode',
    'StandardOutputContent',
    'StandardErrorContent',
    'CommandPluginOutput',
    'InvocationTraceOutput',
  ],
}

/**
 * Operations that neither the server nor the models in models/ know, and whose callers would send what is secret all the
 * same: what starts a machine, with the script that often holds its passwords; events of whatever else is audited.
 */
const NOT_MODELLED: Readonly<Record<string, readonly (readonly [operation: string, member: string])[]>> = {
  ec2: [['RunInstances', 'UserData']],
  cloudtrail: [['PutAuditEvents', 'AuditEvents']],
}

interface Reference {
  readonly shape: string
  /** REST: `uri`, `header`, `querystring`, and what it is called there. */
  readonly location?: string
  readonly locationName?: string
}

interface Http {
  readonly method: string
  readonly requestUri: string
}

interface Shape {
  readonly type: string
  readonly sensitive?: true
  readonly members?: Readonly<Record<string, Reference>>
  readonly member?: Reference
  readonly key?: Reference
  readonly value?: Reference
  /** REST: the member that is the body. */
  readonly payload?: string
}

/** What is read of a botocore model. */
interface Model {
  readonly metadata: {
    readonly protocol: string
    readonly apiVersion: string
    readonly endpointPrefix: string
    readonly signingName?: string
    readonly targetPrefix?: string
  }
  readonly operations: Readonly<
    Record<string, { readonly input?: Reference; readonly output?: Reference; readonly http?: Http }>
  >
  readonly shapes: Readonly<Record<string, Shape>>
}

/** A member whose value nobody may see, by its path from the operation's input or output. */
export interface SensitiveMember {
  readonly service: Service
  readonly operation: string
  readonly direction: 'input' | 'output'
  /** `['AccessKey', 'SecretAccessKey']`; an element of a list or map is `*`. */
  readonly path: readonly string[]
  readonly type: 'string' | 'blob' | 'list' | 'map'
  /** Of a REST service: where the operation is. */
  readonly http?: Http
  /** Of a REST service, where it is not one of the body's members: the body itself, or a header. */
  readonly place?: { readonly kind: 'payload' } | { readonly kind: 'header'; readonly name: string }
}

interface Service {
  readonly name: string
  readonly signingName: string
  readonly protocol: 'json' | 'form' | 'rest'
  readonly apiVersion: string
  readonly targetPrefix: string
}

/** `secretsmanager.CreateSecret.SecretString` */
export function nameOf({ service, operation, path }: SensitiveMember): string {
  return [service.name, operation, ...path].join('.')
}

function protocolOf(protocol: string): Service['protocol'] {
  if (protocol === 'rest-json') return 'rest'
  return protocol === 'json' ? 'json' : 'form'
}

/** Every sensitive member of every operation that AWS's models describe, answered here or not. */
export function sensitiveMembers(): readonly SensitiveMember[] {
  return SERVICES.flatMap((name) => {
    const model = JSON.parse(readFileSync(join(MODELS, `${name}.json`), 'utf8')) as Model // AWS's own file
    const {
      protocol,
      apiVersion,
      endpointPrefix,
      signingName = endpointPrefix,
      targetPrefix = '',
    } = model.metadata
    const service = { name, signingName, protocol: protocolOf(protocol), apiVersion, targetPrefix }
    const modelled = Object.entries(model.operations).flatMap(([operation, { input, output, http }]) =>
      (['input', 'output'] as const).flatMap((direction) => {
        const root = direction === 'input' ? input : output
        const found = root ? [...within(model, name, root.shape)] : []
        return found.map((member) => ({
          ...{ service, operation, direction, ...member },
          ...(http && service.protocol === 'rest' && { http }),
          ...(root && placeOf(model.shapes[root.shape], member.path)),
        }))
      }),
    )
    const others = (NOT_MODELLED[name] ?? []).map(([operation, member]): SensitiveMember => {
      return { service, operation, direction: 'input', path: [member], type: 'string' }
    })
    return [...modelled, ...others]
  })
}

function placeOf(root: Shape | undefined, [first = '']: readonly string[]): Pick<SensitiveMember, 'place'> {
  const { location, locationName = first } = root?.members?.[first] ?? {}
  if (root?.payload === first) return { place: { kind: 'payload' } }
  return location === 'header' ? { place: { kind: 'header', name: locationName } } : {}
}

const TYPES = ['blob', 'list', 'map'] as const

function* within(
  model: Model,
  service: string,
  shapeName: string,
  path: readonly string[] = [],
): Generator<Pick<SensitiveMember, 'path' | 'type'>> {
  const shape = model.shapes[shapeName]
  // A shape that holds itself has no sensitive member that a shorter path does not lead to.
  if (!shape || path.length > 8) return
  const isMore = (name: string) => MORE_SENSITIVE[service]?.includes(name) === true
  const found = { path, type: TYPES.find((type) => type === shape.type) ?? 'string' } as const
  if (shape.sensitive || isMore(shapeName)) return yield found
  for (const [member, { shape: inner }] of Object.entries(shape.members ?? {})) {
    const at = [...path, member]
    if (!isMore(`${shapeName}.${member}`)) yield* within(model, service, inner, at)
    else yield { path: at, type: TYPES.find((type) => type === model.shapes[inner]?.type) ?? 'string' }
  }
  for (const inner of [shape.member, shape.key, shape.value]) {
    if (inner) yield* within(model, service, inner.shape, [...path, '*'])
  }
}
