import type { RestoreSecretRequest, RestoreSecretResponse } from '@aws-sdk/client-secrets-manager'
import { writeOperation } from '../../gateway/operation.ts'
import { resumeJobs } from '../../rotation/queue.ts'
import { PURGE_SECRET, type Secret } from '../../store/secrets.ts'
import { demandPrimary } from './changeable.ts'
import { findSecret, secretConditions, targetOf } from './lookup.ts'

/**
 * Takes back a scheduled deletion; rotation goes on where it was. Does nothing to a secret that is in use.
 *
 * @see https://docs.aws.amazon.com/secretsmanager/latest/apireference/API_RestoreSecret.html
 */
export const RestoreSecret = writeOperation<RestoreSecretRequest, RestoreSecretResponse, Secret>({
  action: 'secretsmanager:RestoreSecret',
  resource: (input, ctx) => findSecret(ctx, input.SecretId),
  target: targetOf,
  keys: (_input, _ctx, secret) => secretConditions(secret),

  async run(_input, ctx, secret) {
    demandPrimary(secret)
    if (secret.deletedAt) {
      const restored = { ...secret, deletedAt: undefined, purgeAt: undefined }
      await ctx.store.secrets.update(restored)
      await ctx.store.jobs.cancel(secret, PURGE_SECRET, secret.arn)
      await resumeJobs(ctx.store, restored, { random: ctx.random, now: ctx.clock.now() })
    }
    return { ARN: secret.arn, Name: secret.name }
  },
})
