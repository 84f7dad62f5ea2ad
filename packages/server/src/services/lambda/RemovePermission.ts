import type { RemovePermissionRequest } from '@aws-sdk/client-lambda'
import type { ConditionKeys } from '../../gateway/context.ts'
import { writeOperation } from '../../gateway/operation.ts'
import type { FunctionRecord } from '../../store/functions.ts'
import { noPolicyOnFunction, noStatement, staleRevision } from './errors.ts'
import { changeable, findNamed, targetOf } from './lookup.ts'
import { statementsOf, withoutStatement } from './permission.ts'

/** @see https://docs.aws.amazon.com/lambda/latest/api/API_RemovePermission.html */
export const RemovePermission = writeOperation<RemovePermissionRequest, object, FunctionRecord>({
  action: 'lambda:RemovePermission',
  resource: async (input, ctx) => changeable(await findNamed(input, ctx)),
  target: targetOf,
  keys: ({ StatementId }, _ctx, found) => principalKey(found, StatementId),

  async run({ StatementId: id, RevisionId }, ctx, found) {
    const { policy } = found
    if (!policy) throw noPolicyOnFunction()
    if (!statementsOf(policy.document).some(({ Sid }) => Sid === id)) throw noStatement(id)
    if (RevisionId !== undefined && RevisionId !== found.revisionId) throw staleRevision('GetPolicy')
    const left = withoutStatement(policy, id)
    await ctx.store.functions.update({ ...found, policy: left, revisionId: ctx.random.uuid() })
    return {}
  },
})

/** Whom the statement lets in, as AddPermission was told. */
function principalKey(found: FunctionRecord | undefined, id: string): ConditionKeys {
  const principal = statementsOf(found?.policy?.document).find(({ Sid }) => Sid === id)?.Principal
  if (typeof principal === 'string') return { 'lambda:Principal': principal }
  const [named] = Object.values(principal ?? {})
  if (typeof named !== 'string') return {}
  return { 'lambda:Principal': /^arn:[^:]+:iam::(\d{12}):root$/.exec(named)?.[1] ?? named }
}
