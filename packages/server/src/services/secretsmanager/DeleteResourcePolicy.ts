import type {
  DeleteResourcePolicyRequest,
  DeleteResourcePolicyResponse,
} from '@aws-sdk/client-secrets-manager'
import { writeOperation } from '../../gateway/operation.ts'
import type { Secret } from '../../store/secrets.ts'
import { demandChangeable } from './changeable.ts'
import { findSecret, secretConditions, targetOf } from './lookup.ts'

/**
 * Removes the secret's resource policy; nothing happens where there is none.
 *
 * @see https://docs.aws.amazon.com/secretsmanager/latest/apireference/API_DeleteResourcePolicy.html
 */
export const DeleteResourcePolicy = writeOperation<
  DeleteResourcePolicyRequest,
  DeleteResourcePolicyResponse,
  Secret
>({
  action: 'secretsmanager:DeleteResourcePolicy',
  resource: (input, ctx) => findSecret(ctx, input.SecretId),
  target: targetOf,
  keys: (_input, _ctx, secret) => secretConditions(secret),

  async run(_input, ctx, secret) {
    demandChangeable(secret)
    if (secret.policy) {
      await ctx.store.secrets.update({ ...secret, policy: undefined, changedAt: ctx.clock.now() })
    }
    return { ARN: secret.arn, Name: secret.name }
  },
})
