import type { GetPolicyRequest, GetPolicyResponse } from '@aws-sdk/client-lambda'
import { shownDocument } from '../../gateway/bound-policy.ts'
import { readOperation } from '../../gateway/operation.ts'
import type { FunctionRecord } from '../../store/functions.ts'
import { noPolicy } from './errors.ts'
import { findNamed, targetOf } from './lookup.ts'

/** @see https://docs.aws.amazon.com/lambda/latest/api/API_GetPolicy.html */
export const GetPolicy = readOperation<GetPolicyRequest, GetPolicyResponse, FunctionRecord>({
  action: 'lambda:GetPolicy',
  resource: findNamed,
  target: targetOf,

  async run(_input, ctx, { policy, revisionId }) {
    if (!policy) throw noPolicy()
    return { Policy: await shownDocument(ctx, policy), RevisionId: revisionId }
  },
})
