import type { AddPermissionRequest, AddPermissionResponse } from '@aws-sdk/client-lambda'
import { writeOperation } from '../../gateway/operation.ts'
import type { FunctionRecord } from '../../store/functions.ts'
import { noPolicyOnLatest, staleRevision, statementExists } from './errors.ts'
import { changeable, findNamed, qualifierOf, targetOf } from './lookup.ts'
import { statementOf, statementsOf, withStatement } from './permission.ts'

/**
 * Lets an account, a principal or a service use the function.
 *
 * @see https://docs.aws.amazon.com/lambda/latest/api/API_AddPermission.html
 */
export const AddPermission = writeOperation<AddPermissionRequest, AddPermissionResponse, FunctionRecord>({
  action: 'lambda:AddPermission',
  resource: async (input, ctx) => changeable(await findNamed(input, ctx)),
  target: targetOf,
  keys: ({ Principal }) => ({ 'lambda:Principal': Principal }),

  async run(input, ctx, found) {
    if (qualifierOf(input, ctx) !== undefined) throw noPolicyOnLatest()
    if (input.RevisionId !== undefined && input.RevisionId !== found.revisionId)
      throw staleRevision('GetPolicy')
    const { StatementId: id } = input
    if (statementsOf(found.policy?.document).some(({ Sid }) => Sid === id)) throw statementExists(id)
    const statement = statementOf(ctx, input, found.arn)
    const policy = await withStatement(ctx, found.policy, statement)
    await ctx.store.functions.update({ ...found, policy, revisionId: ctx.random.uuid() })
    return { Statement: JSON.stringify(statement) }
  },
})
