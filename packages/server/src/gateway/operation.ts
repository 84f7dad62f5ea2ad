import type { ServiceName, Validated } from '@lockstep/wire'
import type { Check, ConditionKeys, Context, Target, WriteContext } from './context.ts'

/** One AWS operation: what it touches, what permission that needs, and what it does once permitted. */
export interface Operation<Request, Response, Resource, Ctx extends Context = Context, Prepared = undefined> {
  /** The IAM action checked against {@link target}; null for the few calls that need no permission. */
  readonly action: `${string}:${string}` | null
  /** Whether its event says that it only reads; absent: what `access` says. CloudTrail calls AssumeRole a read. */
  readonly readOnly?: boolean
  /**
   * Whether anybody may call it unsigned, by GET, because the input itself is a capability: a link in a mail. Policies
   * are not asked then, and the operation checks the capability. Its `principal` is `ANONYMOUS`.
   */
  readonly byLink?: true
  /**
   * Finds what the call is about. An AwsError thrown here is held back until the caller proves, by being
   * allowed to touch `target(input, ctx, undefined)`, that they may know of it.
   */
  resource?(input: Validated<Request>, ctx: Ctx): Promise<Resource>
  /** How policies see the resource; `undefined` where {@link resource} threw. Absent: `*`. */
  target?(input: Validated<Request>, ctx: Ctx, resource: Resource | undefined): Target
  /** The service's own condition keys, and aws:RequestTag/… and aws:TagKeys where the call carries tags. */
  keys?(input: Validated<Request>, ctx: Ctx, resource: Resource | undefined): ConditionKeys
  /** Further permissions the same call needs, e.g. TagResource where CreateSecret carries tags. */
  also?(input: Validated<Request>, ctx: Ctx, resource: Resource): readonly Check[]
  /**
   * For a write: what takes its time and asks nothing of the store, done before the transaction begins. The caller is
   * authenticated, and no more: what is found wrong is an answer, for {@link run} to tell.
   */
  prepare?(input: Validated<Request>, doors: PreparationDoors): Promise<Prepared>
  run(input: Validated<Request>, ctx: Ctx, resource: Resource, prepared: Prepared): Promise<Response>
}

/** What a preparation may ask. */
export interface PreparationDoors {
  /** Beneath these the operator lets code of functions lie; absolute. */
  readonly functionDirectories: readonly string[]
}

/** An operation that changes nothing: it sees committed rows. */
export interface ReadOperation<Request, Response, Resource> extends Operation<Request, Response, Resource> {
  readonly access: 'read'
}

/** An operation that changes something: it runs, authorization included, inside one transaction. */
export interface WriteOperation<Request, Response, Resource, Prepared = undefined>
  extends Operation<Request, Response, Resource, WriteContext, Prepared> {
  readonly access: 'write'
}

/** Declares an operation that changes nothing. */
export function readOperation<Request, Response, Resource = undefined>(
  definition: Operation<Request, Response, Resource>,
): ReadOperation<Request, Response, Resource> {
  return { access: 'read', ...definition }
}

/** Declares an operation that changes something. */
export function writeOperation<Request, Response, Resource = undefined, Prepared = undefined>(
  definition: Operation<Request, Response, Resource, WriteContext, Prepared>,
): WriteOperation<Request, Response, Resource, Prepared> {
  return { access: 'write', ...definition }
}

/** An operation as the pipeline sees it: the model has vouched for its input, nobody for its types. */
export type AnyOperation =
  | ReadOperation<object, object, unknown>
  | WriteOperation<object, object, unknown, unknown>

/** Every operation the server answers, by service and by AWS's name for it. */
export type Registry = Readonly<Record<ServiceName, Readonly<Record<string, AnyOperation>>>>

/** An operation with its input and context in hand; only the resource is still to be found. */
export interface Bound {
  readonly action: `${string}:${string}` | null
  resource(): Promise<unknown>
  target(resource: unknown): Target
  keys(resource: unknown): ConditionKeys
  also(resource: unknown): readonly Check[]
  run(resource: unknown): Promise<object>
}

/** Binds the operation to one call. */
export function bind<Ctx extends Context, Prepared>(
  operation: Operation<object, object, unknown, Ctx, Prepared>,
  input: object,
  ctx: Ctx,
  prepared: Prepared,
): Bound {
  return {
    action: operation.action,
    resource: async () => operation.resource?.(input, ctx),
    target: (resource) =>
      operation.target?.(input, ctx, resource) ?? { arn: '*', account: ctx.account, shownAs: null },
    keys: (resource) => operation.keys?.(input, ctx, resource) ?? {},
    also: (resource) => operation.also?.(input, ctx, resource) ?? [],
    run: (resource) => operation.run(input, ctx, resource, prepared),
  }
}
