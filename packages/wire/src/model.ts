import type { ErrorStatus } from './aws-error.ts'
import cloudtrail from './generated/cloudtrail.json' with { type: 'json' }
import ec2 from './generated/ec2.json' with { type: 'json' }
import events from './generated/events.json' with { type: 'json' }
import iam from './generated/iam.json' with { type: 'json' }
import kms from './generated/kms.json' with { type: 'json' }
import lambda from './generated/lambda.json' with { type: 'json' }
import type { Operations } from './generated/operations.ts'
import secretsmanager from './generated/secretsmanager.json' with { type: 'json' }
import sns from './generated/sns.json' with { type: 'json' }
import ssm from './generated/ssm.json' with { type: 'json' }
import sts from './generated/sts.json' with { type: 'json' }
import type { Location, Member, Shape, StructureShape } from './shape.ts'

export type ServiceName = keyof Operations
export type Protocol = 'json' | 'query' | 'ec2' | 'rest-json'

export interface ErrorModel {
  /** The code on the wire, e.g. `EntityAlreadyExists`, not the shape's name `EntityAlreadyExistsException`. */
  readonly code: string
  readonly status: ErrorStatus
  /** The service is at fault, not the caller. */
  readonly fault: boolean
  /** How the model spells the member with the sentence, where it has one. */
  readonly messageMember: 'message' | 'Message' | undefined
  /** It says in a member `Type` whether the caller or the service is at fault. */
  readonly typed: boolean
}

export interface OperationModel {
  readonly service: ServiceModel
  readonly name: string
  /** Without members when the operation takes no input. */
  readonly input: StructureShape
  /** Absent when the operation answers without a body. */
  readonly output: StructureShape | undefined
  /** How a REST service is asked; absent in every other protocol. */
  readonly http: HttpModel | undefined
}

/** A REST operation's place among its service's URIs. */
interface HttpModel {
  readonly method: string
  /** A label `{Name}` stands for one segment, e.g. `/2015-03-31/functions/{FunctionName}/code`. */
  readonly uri: string
  /** Of the answer, unless a member is the status. */
  readonly status: number
}

export interface ServiceModel {
  readonly name: ServiceName
  /** The service in a SigV4 credential scope. */
  readonly signingName: string
  readonly protocol: Protocol
  /** `Version` of a Query or EC2 request. */
  readonly apiVersion: string
  /** What stands between the last two dots of X-Amz-Target; some SDKs put a namespace in front of it. */
  readonly targetPrefix: string | undefined
  readonly xmlNamespace: string | undefined
  readonly operationNames: readonly string[]
  operation(name: string): OperationModel | undefined
  error(code: string): ErrorModel | undefined
}

/** A shape in a table: it names other shapes by their index, always a lower one. */
interface TableShape {
  readonly type: string
  readonly members?: Readonly<Record<string, number>>
  readonly locations?: Readonly<Record<string, readonly [Location['kind'], string]>>
  readonly wireNames?: Readonly<Record<string, string>>
  readonly required?: readonly string[]
  readonly member?: number
  readonly key?: number
  readonly value?: number
}
interface Table {
  readonly name: ServiceName
  readonly signingName: string
  readonly protocol: Protocol
  readonly apiVersion: string
  readonly targetPrefix?: string
  readonly xmlNamespace?: string
  readonly operations: Readonly<
    Record<string, { readonly input?: number; readonly output?: number; readonly http?: HttpModel }>
  >
  readonly errors: Readonly<
    Record<
      string,
      { readonly status: ErrorStatus; readonly message?: 'message' | 'Message'; readonly typed?: true }
    >
  >
  readonly shapes: readonly TableShape[]
}

const TABLES: Readonly<Record<ServiceName, unknown>> = {
  secretsmanager,
  kms,
  iam,
  sts,
  cloudtrail,
  sns,
  events,
  lambda,
  ssm,
  ec2,
}
const NO_MEMBERS: StructureShape = { type: 'structure', members: [] }
const loaded = new Map<ServiceName, ServiceModel>()

/** The model of one service, built from its table at the first call and shared by all later ones. */
export function loadModel(name: ServiceName): ServiceModel {
  const known = loaded.get(name)
  if (known) return known
  // scripts/generate-models.ts writes the tables, and its test keeps them true to this type.
  const model = buildModel(TABLES[name] as Table)
  loaded.set(name, model)
  return model
}

function buildModel(table: Table): ServiceModel {
  const shapes: Shape[] = []
  for (const shape of table.shapes) shapes.push(resolve(shape, shapes))

  const operations = new Map<string, OperationModel>()
  const errors = new Map<string, ErrorModel>()
  const service: ServiceModel = {
    name: table.name,
    signingName: table.signingName,
    protocol: table.protocol,
    apiVersion: table.apiVersion,
    targetPrefix: table.targetPrefix,
    xmlNamespace: table.xmlNamespace,
    operationNames: Object.keys(table.operations),
    operation: (name) => operations.get(name),
    error: (code) => errors.get(code),
  }
  for (const [name, { input, output, http }] of Object.entries(table.operations)) {
    operations.set(name, {
      service,
      name,
      input: input === undefined ? NO_MEMBERS : structureAt(shapes, input),
      output: output === undefined ? undefined : structureAt(shapes, output),
      http,
    })
  }
  for (const [code, { status, message, typed = false }] of Object.entries(table.errors)) {
    errors.set(code, { code, status, fault: status >= 500, messageMember: message, typed })
  }
  return service
}

/** Puts shapes in the place of their indices. `earlier` holds every shape before this one. */
function resolve(shape: TableShape, earlier: readonly Shape[]): Shape {
  const { members, locations = {}, wireNames = {}, required = [], member, key, value, ...traits } = shape
  return {
    ...traits,
    ...(members && {
      members: Object.entries(members).map(
        ([name, index]): Member => ({
          name,
          shape: shapeAt(earlier, index),
          required: required.includes(name),
          ...locationOf(locations[name]),
          ...(wireNames[name] !== undefined && { wireName: wireNames[name] }),
        }),
      ),
    }),
    ...(member !== undefined && { member: shapeAt(earlier, member) }),
    ...(key !== undefined && { key: shapeAt(earlier, key) }),
    ...(value !== undefined && { value: shapeAt(earlier, value) }),
  } as Shape
}

function locationOf(located: readonly [Location['kind'], string] | undefined): Pick<Member, 'location'> {
  return located ? { location: { kind: located[0], name: located[1] } } : {}
}

function structureAt(shapes: readonly Shape[], index: number): StructureShape {
  const shape = shapeAt(shapes, index)
  if (shape.type !== 'structure') throw new Error(`Shape ${index} is no structure`)
  return shape
}

function shapeAt(shapes: readonly Shape[], index: number): Shape {
  const shape = shapes[index]
  if (!shape) throw new Error(`The table has no shape ${index} yet`)
  return shape
}
