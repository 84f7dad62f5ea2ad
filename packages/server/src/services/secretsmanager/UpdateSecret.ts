import type { UpdateSecretRequest, UpdateSecretResponse } from '@aws-sdk/client-secrets-manager'
import type { Validated } from '@lockstep/wire'
import type { WriteContext } from '../../gateway/context.ts'
import { writeOperation } from '../../gateway/operation.ts'
import { replicationJob, waiting } from '../../store/replication.ts'
import type { Secret } from '../../store/secrets.ts'
import { demandPrimary } from './changeable.ts'
import { markedForDeletion, typeUnavailable } from './errors.ts'
import { CURRENT, PENDING, PREVIOUS } from './labels.ts'
import { findSecret, secretConditions, targetOf } from './lookup.ts'
import { afterManualChange } from './manual-change.ts'
import { putVersion } from './put-version.ts'
import { primaryOf } from './replication.ts'
import { carriesValue, demandToken } from './token.ts'
import { type ChosenKey, chosenKey, givenValue, mayEncrypt, open, seal, tryKey } from './values.ts'

interface Update {
  readonly secret: Secret
  readonly key: ChosenKey | undefined
}

/**
 * Changes a secret's description, key or value; a value becomes a new AWSCURRENT version.
 *
 * @see https://docs.aws.amazon.com/secretsmanager/latest/apireference/API_UpdateSecret.html
 */
export const UpdateSecret = writeOperation<UpdateSecretRequest, UpdateSecretResponse, Update>({
  action: 'secretsmanager:UpdateSecret',

  async resource(input, ctx) {
    if (carriesValue(input)) demandToken(input)
    return { secret: await findSecret(ctx, input.SecretId), key: await chosenKey(ctx, input.KmsKeyId) }
  },

  target: (input, ctx, update) => targetOf(input, ctx, update?.secret),

  keys: (input, _ctx, update) => ({
    ...secretConditions(update?.secret),
    'secretsmanager:Description': input.Description,
    'secretsmanager:KmsKeyId': input.KmsKeyId,
    'secretsmanager:KmsKeyArn': update?.key?.key.arn,
    'secretsmanager:Type': input.Type,
  }),

  async run(input, ctx, { secret, key }) {
    if (secret.deletedAt) throw markedForDeletion()
    if (!isKeyAlone(input)) demandPrimary(secret)
    // DIVERGENCE: there are no secrets managed by partners, so every Type is an InvalidParameterException.
    if (input.Type) throw typeUnavailable()
    using value = givenValue(input)
    let updated = secret
    const changedAt = ctx.clock.now()
    if (input.Description !== undefined) {
      updated = { ...updated, description: input.Description || undefined, changedAt }
    }
    if (input.KmsKeyId !== undefined) {
      updated = { ...updated, kmsKeyId: key?.id, kmsKeyArn: key?.key.arn, changedAt }
      if (key) await tryKey(ctx, key, secret)
      await sealAgain(ctx, updated)
    }
    const versionId = value && demandToken(input)
    if (versionId) {
      const put = await putVersion(ctx, updated, { versionId, value, stages: [CURRENT] })
      updated = await afterManualChange(ctx, updated, put)
    }
    if (updated !== secret) await ctx.store.secrets.update(updated)
    if (secret.primaryRegion !== undefined) await tellPrimary(ctx, updated)
    return { ARN: secret.arn, Name: secret.name, VersionId: versionId }
  },
})

/**
 * Brings the versions in use under the secret's new key. As in AWS they stay under the old one where the
 * caller lacks kms:Encrypt on the new.
 */
async function sealAgain(ctx: WriteContext, secret: Secret): Promise<void> {
  const inUse = new Set([CURRENT, PENDING, PREVIOUS].flatMap((label) => secret.labels.get(label) ?? []))
  for (const id of inUse) {
    const version = await ctx.store.secrets.version(secret, secret.arn, id)
    if (!version?.value || version.value.kmsKeyArn === secret.kmsKeyArn) continue
    if (!(await mayEncrypt(ctx, secret, id))) return
    using plaintext = await open(ctx, secret, { id, value: version.value })
    const { kind } = version.value
    const value = { kind, plaintext, [Symbol.dispose]: () => plaintext[Symbol.dispose]() }
    await ctx.store.secrets.setValue(
      secret,
      secret.arn,
      id,
      await seal(ctx, secret, { versionId: id, value }),
    )
  }
}

/** The one change that a replica takes. */
function isKeyAlone({ KmsKeyId, Description, ...input }: Validated<UpdateSecretRequest>): boolean {
  return KmsKeyId !== undefined && Description === undefined && !carriesValue(input)
}

/** A replica's next versions come under its new key, and what its old one held up comes now. */
async function tellPrimary(ctx: WriteContext, replica: Secret): Promise<void> {
  const { region, kmsKeyId, kmsKeyArn } = replica
  const primary = await primaryOf(ctx, replica)
  if (!primary?.replicas) return
  const replicas = primary.replicas.map((one) =>
    one.region === region ? { ...waiting(one), kmsKeyId, kmsKeyArn } : one,
  )
  await ctx.store.secrets.setReplicas(primary, primary.arn, replicas)
  await ctx.store.jobs.queue(replicationJob(primary, region, ctx.clock.now()))
}
