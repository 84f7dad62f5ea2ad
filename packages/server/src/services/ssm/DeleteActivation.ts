import type { DeleteActivationRequest } from '@aws-sdk/client-ssm'
import { writeOperation } from '../../gateway/operation.ts'
import { noSuchActivation } from './errors.ts'

/**
 * Takes back the leave to become a node; those that are nodes already stay.
 *
 * @see https://docs.aws.amazon.com/systems-manager/latest/APIReference/API_DeleteActivation.html
 */
export const DeleteActivation = writeOperation<DeleteActivationRequest, object>({
  action: 'ssm:DeleteActivation',

  async run({ ActivationId }, ctx) {
    const place = { account: ctx.account, region: ctx.region }
    if (!(await ctx.store.nodes.removeActivation(place, ActivationId))) throw noSuchActivation()
    return {}
  },
})
