import type { Context, Target } from '../../gateway/context.ts'
import type { FunctionRecord } from '../../store/functions.ts'
import { untaggable } from './errors.ts'
import { findNamed, targetOf } from './lookup.ts'

interface Tagged {
  readonly Resource: string
}

/**
 * The function that a tag's operation names by its ARN.
 * @throws InvalidParameterValueException for other things, which have no tags here
 */
export async function findTagged({ Resource }: Tagged, ctx: Context): Promise<FunctionRecord> {
  if (!/:function:[^:]+$/.test(Resource)) throw untaggable()
  return findNamed({ FunctionName: Resource }, ctx)
}

export function taggedTarget({ Resource }: Tagged, ctx: Context, found: FunctionRecord | undefined): Target {
  return /:function:/.test(Resource)
    ? targetOf({ FunctionName: Resource }, ctx, found)
    : { arn: Resource, account: Resource.split(':')[4] ?? ctx.account }
}
