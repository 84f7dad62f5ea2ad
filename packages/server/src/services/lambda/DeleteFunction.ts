import type { DeleteFunctionRequest, DeleteFunctionResponse } from '@aws-sdk/client-lambda'
import { writeOperation } from '../../gateway/operation.ts'
import type { FunctionRecord } from '../../store/functions.ts'
import { latestUndeletable } from './errors.ts'
import { changeable, findNamed, qualifierOf, targetOf } from './lookup.ts'

/** @see https://docs.aws.amazon.com/lambda/latest/api/API_DeleteFunction.html */
export const DeleteFunction = writeOperation<DeleteFunctionRequest, DeleteFunctionResponse, FunctionRecord>({
  action: 'lambda:DeleteFunction',
  resource: async (input, ctx) => changeable(await findNamed(input, ctx)),
  target: targetOf,

  async run(input, ctx, found) {
    if (qualifierOf(input, ctx) !== undefined) throw latestUndeletable()
    await ctx.store.functions.remove(found, found.name)
    return { StatusCode: 204 }
  },
})
