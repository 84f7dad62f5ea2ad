import type { CancelRotateSecretRequest, CancelRotateSecretResponse } from '@aws-sdk/client-secrets-manager'
import { writeOperation } from '../../gateway/operation.ts'
import { discardRun, stopJobs } from '../../rotation/queue.ts'
import type { Secret } from '../../store/secrets.ts'
import { demandChangeable } from './changeable.ts'
import { findSecret, secretConditions, targetOf } from './lookup.ts'

/**
 * Turns rotation off. A rotation under way stops before its next step and leaves AWSPENDING where it is, as in AWS:
 * whoever cancels looks at that version and takes the label off. Function and rules stay on record.
 *
 * @see https://docs.aws.amazon.com/secretsmanager/latest/apireference/API_CancelRotateSecret.html
 */
export const CancelRotateSecret = writeOperation<
  CancelRotateSecretRequest,
  CancelRotateSecretResponse,
  Secret
>({
  action: 'secretsmanager:CancelRotateSecret',
  resource: (input, ctx) => findSecret(ctx, input.SecretId),
  target: targetOf,
  keys: (_input, _ctx, secret) => secretConditions(secret),

  async run(_input, ctx, secret) {
    demandChangeable(secret)
    const { arn, name, rotation } = secret
    if (!rotation) return { ARN: arn, Name: name }
    const { run } = rotation
    await stopJobs(ctx.store, secret)
    const now = ctx.clock.now()
    // A test's version is nobody's but the test's.
    const stopped = run?.kind === 'test' ? await discardRun(ctx.store, secret, now) : secret
    const off = { ...rotation, enabled: false, nextAt: undefined, run: undefined }
    await ctx.store.secrets.update({ ...stopped, rotation: off, changedAt: now })
    return { ARN: arn, Name: name, VersionId: run && !run.givenUp ? run.versionId : undefined }
  },
})
