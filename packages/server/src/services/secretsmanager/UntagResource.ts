import type { UntagResourceRequest } from '@aws-sdk/client-secrets-manager'
import { writeOperation } from '../../gateway/operation.ts'
import type { Secret } from '../../store/secrets.ts'
import { demandChangeable } from './changeable.ts'
import { findSecret, secretConditions, targetOf } from './lookup.ts'
import { withoutTags } from './tags.ts'

const ACTION = 'secretsmanager:UntagResource'

/**
 * Removes tags from a secret; keys that it does not have are passed over.
 *
 * @see https://docs.aws.amazon.com/secretsmanager/latest/apireference/API_UntagResource.html
 */
export const UntagResource = writeOperation<UntagResourceRequest, object, Secret>({
  action: ACTION,
  resource: (input, ctx) => findSecret(ctx, input.SecretId),
  target: targetOf,
  keys: (input, _ctx, secret) => ({ ...secretConditions(secret), 'aws:TagKeys': input.TagKeys }),

  async run(input, ctx, secret) {
    demandChangeable(secret)
    if (!secret.tags) return {}
    const tags = withoutTags(secret.tags, input.TagKeys)
    // Access by tags must not be lost by untagging; see TagResource.
    const target = { ...targetOf(input, ctx, secret), tags }
    ctx.demand({
      action: ACTION,
      target,
      keys: { ...secretConditions(secret), 'aws:TagKeys': input.TagKeys },
    })
    await ctx.store.secrets.update({ ...secret, tags, changedAt: ctx.clock.now() })
    return {}
  },
})
