import type { TagResourceRequest } from '@aws-sdk/client-secrets-manager'
import { writeOperation } from '../../gateway/operation.ts'
import type { Secret } from '../../store/secrets.ts'
import { demandChangeable } from './changeable.ts'
import { findSecret, secretConditions, targetOf } from './lookup.ts'
import { parseTags, tagConditions, withTags } from './tags.ts'

const ACTION = 'secretsmanager:TagResource'

/**
 * Adds tags to a secret, or gives those it has other values.
 *
 * @see https://docs.aws.amazon.com/secretsmanager/latest/apireference/API_TagResource.html
 */
export const TagResource = writeOperation<TagResourceRequest, object, Secret>({
  action: ACTION,
  resource: (input, ctx) => findSecret(ctx, input.SecretId),
  target: targetOf,
  keys: (input, _ctx, secret) => ({ ...secretConditions(secret), ...tagConditions(input.Tags) }),

  async run(input, ctx, secret) {
    demandChangeable(secret)
    if (input.Tags.length === 0) return {}
    const tags = withTags(secret.tags, parseTags(input.Tags))
    // Access by tags must not be lost by tagging.
    // DIVERGENCE: AWS refuses a change of tags by which its caller loses permissions, without saying which.
    // Ours refuses those after which the caller could not call this operation again.
    const target = { ...targetOf(input, ctx, secret), tags }
    ctx.demand({
      action: ACTION,
      target,
      keys: { ...secretConditions(secret), ...tagConditions(input.Tags) },
    })
    await ctx.store.secrets.update({ ...secret, tags, changedAt: ctx.clock.now() })
    return {}
  },
})
