import { AwsError } from '@lockstep/wire'
import type { Permitted, Ready } from './call.ts'
import type { Step } from './step.ts'

/**
 * Policies -> on, or AccessDenied. What the call is about is looked up first, because its tags and its own
 * policy take part in the decision; if it cannot be found, that is told only to a caller who would be
 * allowed to touch it, so that a missing and a forbidden resource look alike to everybody else.
 */
export const authorize: Step<Ready, Permitted> = async (call, next) => {
  const { bound, ctx, facts } = call
  const { resource, missing } = await find(call)
  facts.target = bound.target(resource)
  // Who came by a link has proved himself by what it carries; the operation looks at that.
  if (bound.action !== null && call.principal.kind !== 'anonymous') {
    ctx.demand({ action: bound.action, target: facts.target, keys: bound.keys(resource) })
  }
  if (missing) throw missing
  for (const check of bound.also(resource)) ctx.demand(check)
  return next({ ...call, resource })
}

async function find({ bound }: Ready): Promise<{ resource: unknown; missing?: AwsError }> {
  try {
    return { resource: await bound.resource() }
  } catch (error) {
    if (error instanceof AwsError) return { resource: undefined, missing: error }
    throw error
  }
}
