import type { PutResourcePolicyRequest, PutResourcePolicyResponse } from '@aws-sdk/client-secrets-manager'
import { writeOperation } from '../../gateway/operation.ts'
import type { Secret } from '../../store/secrets.ts'
import { demandChangeable } from './changeable.ts'
import { publicPolicy } from './errors.ts'
import { findSecret, secretConditions, targetOf } from './lookup.ts'
import { readResourcePolicy } from './resource-policy.ts'

/**
 * Attaches a resource policy to the secret, in place of the one it has.
 *
 * @see https://docs.aws.amazon.com/secretsmanager/latest/apireference/API_PutResourcePolicy.html
 */
export const PutResourcePolicy = writeOperation<PutResourcePolicyRequest, PutResourcePolicyResponse, Secret>({
  action: 'secretsmanager:PutResourcePolicy',
  resource: (input, ctx) => findSecret(ctx, input.SecretId),
  target: targetOf,

  keys: (input, _ctx, secret) => ({
    ...secretConditions(secret),
    'secretsmanager:BlockPublicPolicy': input.BlockPublicPolicy?.toString(),
  }),

  async run(input, ctx, secret) {
    demandChangeable(secret)
    const { policy, broad } = await readResourcePolicy(ctx, input.ResourcePolicy)
    if (broad && input.BlockPublicPolicy) throw publicPolicy()
    await ctx.store.secrets.update({ ...secret, policy, changedAt: ctx.clock.now() })
    return { ARN: secret.arn, Name: secret.name }
  },
})
