import type { Context } from '../../gateway/context.ts'
import type { AnyOperation, Operation } from '../../gateway/operation.ts'
import { sessionNotAccepted } from './errors.ts'

/**
 * The operations, closed to sessions from GetSessionToken without MFA: a leaked short session must not make
 * itself a key that stays.
 *
 * @see https://docs.aws.amazon.com/STS/latest/APIReference/API_GetSessionToken.html
 */
export function withoutBareSessions(
  operations: Readonly<Record<string, AnyOperation>>,
): Readonly<Record<string, AnyOperation>> {
  return Object.fromEntries(Object.entries(operations).map(([name, operation]) => [name, guard(operation)]))
}

function guard(operation: AnyOperation): AnyOperation {
  return operation.access === 'read'
    ? { ...operation, resource: guarded(operation) }
    : { ...operation, resource: guarded(operation) }
}

function guarded<Ctx extends Context>(operation: Pick<Operation<object, object, unknown, Ctx>, 'resource'>) {
  return async (input: object, ctx: Ctx): Promise<unknown> => {
    refuseBareSession(ctx)
    return operation.resource?.(input, ctx)
  }
}

function refuseBareSession({ principal: { kind, session } }: Context): void {
  if (kind !== 'role-session' && session?.mfa === false) throw sessionNotAccepted()
}
