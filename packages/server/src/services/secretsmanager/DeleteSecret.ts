import type { DeleteSecretRequest, DeleteSecretResponse } from '@aws-sdk/client-secrets-manager'
import type { Validated } from '@lockstep/wire'
import type { WriteContext } from '../../gateway/context.ts'
import { writeOperation } from '../../gateway/operation.ts'
import { stopJobs } from '../../rotation/queue.ts'
import { PURGE_SECRET, type Secret } from '../../store/secrets.ts'
import { demandPrimary } from './changeable.ts'
import {
  markedForDeletion,
  recoveryWindowOutOfRange,
  resourceNotFound,
  stillReplicated,
  windowWithForce,
} from './errors.ts'
import { lookUp, secretConditions, targetOf } from './lookup.ts'
import { newArn, parseSecretId } from './names.ts'

const DEFAULT_WINDOW_DAYS = 30
const MIN_WINDOW_DAYS = 7
const MAX_WINDOW_DAYS = 30
const DAY_MS = 24 * 60 * 60 * 1000

/**
 * Takes a secret out of use: for the recovery window, at whose end it is removed, or at once and for good.
 * Forcing the deletion of what does not exist succeeds, as in AWS.
 *
 * @see https://docs.aws.amazon.com/secretsmanager/latest/apireference/API_DeleteSecret.html
 */
export const DeleteSecret = writeOperation<DeleteSecretRequest, DeleteSecretResponse, Secret | undefined>({
  action: 'secretsmanager:DeleteSecret',

  async resource(input, ctx) {
    const secret = await lookUp(ctx, input.SecretId)
    if (!secret && !input.ForceDeleteWithoutRecovery) throw resourceNotFound()
    return secret
  },

  target: targetOf,

  keys: (input, _ctx, secret) => ({
    ...secretConditions(secret),
    'secretsmanager:RecoveryWindowInDays': input.RecoveryWindowInDays?.toString(),
    'secretsmanager:ForceDeleteWithoutRecovery': input.ForceDeleteWithoutRecovery?.toString(),
  }),

  async run(input, ctx, secret) {
    const { RecoveryWindowInDays: days = DEFAULT_WINDOW_DAYS, ForceDeleteWithoutRecovery: force } = input
    if (days < MIN_WINDOW_DAYS || days > MAX_WINDOW_DAYS) throw recoveryWindowOutOfRange()
    if (force && input.RecoveryWindowInDays !== undefined) throw windowWithForce()
    if (!secret) return imagined(input, ctx)
    demandPrimary(secret)
    if (secret.replicas)
      throw stillReplicated(
        secret.arn,
        secret.replicas.map(({ region }) => region),
      )
    return force ? removeNow(ctx, secret) : schedule(ctx, secret, days)
  },
})

async function schedule(ctx: WriteContext, secret: Secret, days: number): Promise<DeleteSecretResponse> {
  if (secret.deletedAt) throw markedForDeletion()
  const { account, region, arn, name } = secret
  const deletedAt = ctx.clock.now()
  const purgeAt = new Date(deletedAt.getTime() + days * DAY_MS)
  await ctx.store.secrets.update({ ...secret, deletedAt, purgeAt })
  await stopJobs(ctx.store, secret)
  await ctx.store.jobs.queue({
    account,
    region,
    id: ctx.random.uuid(),
    kind: PURGE_SECRET,
    key: arn,
    runAt: purgeAt,
    payload: {},
  })
  return { ARN: arn, Name: name, DeletionDate: purgeAt }
}

async function removeNow(ctx: WriteContext, secret: Secret): Promise<DeleteSecretResponse> {
  await ctx.store.secrets.remove(secret, secret.arn)
  await stopJobs(ctx.store, secret)
  await ctx.store.jobs.cancel(secret, PURGE_SECRET, secret.arn)
  return { ARN: secret.arn, Name: secret.name, DeletionDate: ctx.clock.now() }
}

/** The answer for a secret that is not there, in the shape of one that was. */
function imagined(input: Validated<DeleteSecretRequest>, ctx: WriteContext): DeleteSecretResponse {
  const ref = parseSecretId(input.SecretId, ctx)
  const arn =
    ref.by === 'arn' ? ref.arn : newArn({ ...ref.place, partition: ctx.partition }, ref.name, ctx.random)
  return { ARN: arn, Name: ref.name, DeletionDate: ctx.clock.now() }
}
