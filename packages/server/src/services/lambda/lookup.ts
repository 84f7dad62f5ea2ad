import { findFunction } from '../../functions/find-function.ts'
import type { Context, Target } from '../../gateway/context.ts'
import type { FunctionRecord } from '../../store/functions.ts'
import {
  builtInUnchangeable,
  functionNotFound,
  functionsOnly,
  qualifierMismatch,
  unreachableRegion,
} from './errors.ts'
import { arnOf, LATEST, parseFunctionName } from './names.ts'

/** CloudTrail's name for what this service keeps. */
const FUNCTION_TYPE = 'AWS::Lambda::Function'

export interface Named {
  readonly FunctionName: string
  readonly Qualifier?: string | undefined
}

/**
 * The function that a request names, by itself or by its qualifier `$LATEST`: there is no other.
 *
 * DIVERGENCE: versions and aliases are not available; a qualifier other than $LATEST names nothing.
 * @throws ResourceNotFoundException
 */
export async function findNamed(input: Named, ctx: Context): Promise<FunctionRecord> {
  const ref = parseFunctionName(input.FunctionName, ctx)
  const qualifier = qualifierOf(input, ctx)
  const arn = arnOf(ref)
  if (ref.place.region !== ctx.region) throw unreachableRegion(ref.place.region, ctx.region)
  const found =
    ref.partition === ctx.partition
      ? await findFunction(ctx.store.functions, ref.place, ref.partition, ref.name)
      : undefined
  if (!found || (qualifier !== undefined && qualifier !== LATEST))
    throw functionNotFound(qualifier === undefined ? arn : `${arn}:${qualifier}`)
  return found
}

/**
 * The same for what changes it, which takes no qualifier.
 * @throws InvalidParameterValueException, also for a built-in one
 */
export async function findChangeable(input: Named, ctx: Context): Promise<FunctionRecord> {
  if (qualifierOf(input, ctx) !== undefined) throw functionsOnly()
  return changeable(await findNamed(input, ctx))
}

/** @throws InvalidParameterValueException for a built-in function */
export function changeable(found: FunctionRecord): FunctionRecord {
  if (found.code.kind === 'built-in') throw builtInUnchangeable()
  return found
}

/** @throws InvalidParameterValueException where the name's and the other differ */
export function qualifierOf({ FunctionName, Qualifier }: Named, ctx: Context): string | undefined {
  const { qualifier } = parseFunctionName(FunctionName, ctx)
  if (qualifier !== undefined && Qualifier !== undefined && qualifier !== Qualifier) throw qualifierMismatch()
  return qualifier ?? Qualifier
}

/**
 * A function as policies see it, whether or not it exists.
 *
 * DIVERGENCE: a call that names the qualifier $LATEST is decided on the function's own ARN, which is the one that it
 * has; AWS decides it on the ARN with the qualifier, so that a deny on the function alone does not meet it.
 */
export function targetOf({ FunctionName }: Named, ctx: Context, found: FunctionRecord | undefined): Target {
  if (found) return functionTarget(found)
  const ref = parseFunctionName(FunctionName, ctx)
  return { arn: arnOf(ref), account: ref.place.account, type: FUNCTION_TYPE }
}

export function functionTarget({ arn, account, tags, policy }: FunctionRecord): Target {
  return { arn, account, type: FUNCTION_TYPE, tags, policy: policy?.bound }
}
