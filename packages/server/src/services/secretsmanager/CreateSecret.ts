import type { CreateSecretRequest, CreateSecretResponse } from '@aws-sdk/client-secrets-manager'
import type { Validated } from '@lockstep/wire'
import type { Check, Context, Target, WriteContext } from '../../gateway/context.ts'
import { writeOperation } from '../../gateway/operation.ts'
import { PURGE_SECRET, type Secret } from '../../store/secrets.ts'
import { nameScheduledForDeletion, nameTaken, ownedName, typeUnavailable } from './errors.ts'
import { CURRENT } from './labels.ts'
import { isExpired, SECRET_TYPE } from './lookup.ts'
import { checkName, isOwnedName, newArn, unknownArn } from './names.ts'
import { putVersion } from './put-version.ts'
import {
  newReplicas,
  proveMayReplicate,
  replicationConditions,
  replicationStatus,
  wantedReplicas,
} from './replication.ts'
import { parseTags, tagConditions } from './tags.ts'
import { carriesValue, demandToken } from './token.ts'
import { type ChosenKey, chosenKey, type GivenValue, givenValue, holds, tryKey } from './values.ts'

type Input = Validated<CreateSecretRequest>

interface Creation {
  /** The ARN that the new secret will have. */
  readonly arn: string
  readonly key: ChosenKey | undefined
  /** What has the name already. */
  readonly existing: Secret | undefined
}

// DIVERGENCE: AWS keeps at most 500,000 secrets per account and region; we set no limit.
/**
 * Makes a secret, with its first version where there is a value.
 *
 * @see https://docs.aws.amazon.com/secretsmanager/latest/apireference/API_CreateSecret.html
 */
export const CreateSecret = writeOperation<CreateSecretRequest, CreateSecretResponse, Creation>({
  action: 'secretsmanager:CreateSecret',

  async resource(input, ctx) {
    checkName(input.Name)
    if (carriesValue(input)) demandToken(input)
    return {
      arn: newArn(ctx, input.Name, ctx.random),
      key: await chosenKey(ctx, input.KmsKeyId),
      existing: await ctx.store.secrets.byName(ctx, input.Name),
    }
  },

  target,

  keys: (input, _ctx, creation) => ({
    'secretsmanager:Name': input.Name,
    'secretsmanager:Description': input.Description,
    'secretsmanager:KmsKeyId': input.KmsKeyId,
    'secretsmanager:KmsKeyArn': creation?.key?.key.arn,
    ...replicationConditions(input),
    'secretsmanager:Type': input.Type,
    ...tagConditions(input.Tags),
  }),

  also: (input, ctx, creation) => [
    ...alsoTags(input, target(input, ctx, creation)),
    ...alsoReplicates(input, ctx, target(input, ctx, creation)),
  ],

  async run(input, ctx, { arn, key, existing }) {
    const wanted = wantedReplicas(ctx, input.AddReplicaRegions ?? [])
    // DIVERGENCE: there are no secrets managed by partners, so every Type is an InvalidParameterException.
    if (input.Type) throw typeUnavailable()
    // DIVERGENCE: names such as rds!db-1 are refused; AWS leaves them to the services they belong to.
    if (isOwnedName(input.Name)) throw ownedName()
    using value = givenValue(input)
    if (existing && !isExpired(existing, ctx.clock.now())) {
      // Awaited here, so that the value is not wiped before it is compared.
      return await repeated(ctx, existing, input, value)
    }
    if (existing) await removeExpired(ctx, existing)

    const secret = newSecret(ctx, input, { arn, key })
    if (key) await tryKey(ctx, key, secret)
    const replicas = await newReplicas(ctx, secret, wanted, input.ForceOverwriteReplicaSecret ?? false)
    const versionId = value && demandToken(input)
    await ctx.store.secrets.insert({ ...secret, replicas })
    if (versionId) {
      const put = await putVersion(ctx, secret, { versionId, value, stages: [CURRENT] })
      await ctx.store.secrets.update({ ...put, replicas })
      if (replicas.length > 0) await proveMayReplicate(ctx, secret)
    }
    return created(ctx, replicas.length > 0 ? { ...secret, replicas } : secret, versionId)
  },
})

async function created(
  ctx: Context,
  secret: Secret,
  versionId: string | undefined,
): Promise<CreateSecretResponse> {
  const ReplicationStatus = await replicationStatus(ctx, secret)
  return { ARN: secret.arn, Name: secret.name, VersionId: versionId, ReplicationStatus }
}

function alsoTags({ Tags }: Input, of: Target): readonly Check[] {
  if (!Tags?.length) return []
  return [{ action: 'secretsmanager:TagResource', target: of, keys: tagConditions(Tags) }]
}

function alsoReplicates(input: Input, { region }: Context, of: Target): readonly Check[] {
  if (!input.AddReplicaRegions?.length) return []
  const keys = { ...replicationConditions(input), 'secretsmanager:SecretPrimaryRegion': region }
  return [{ action: 'secretsmanager:ReplicateSecretToRegions', target: of, keys }]
}

function target(input: Validated<CreateSecretRequest>, ctx: Context, creation: Creation | undefined): Target {
  const arn = creation?.arn ?? unknownArn(ctx, input.Name)
  return { arn, account: ctx.account, shownAs: input.Name, type: SECRET_TYPE }
}

function newSecret(
  { account, region, clock }: WriteContext,
  input: Validated<CreateSecretRequest>,
  { arn, key }: Pick<Creation, 'arn' | 'key'>,
): Secret {
  const now = clock.now()
  const tags = parseTags(input.Tags ?? [])
  return {
    account,
    region,
    name: input.Name,
    arn,
    description: input.Description || undefined,
    kmsKeyId: key?.id,
    kmsKeyArn: key?.key.arn,
    labels: new Map(),
    tags: input.Tags?.length ? tags : undefined,
    createdAt: now,
    changedAt: now,
  }
}

/** What the purge has not come to yet. */
async function removeExpired(ctx: WriteContext, secret: Secret): Promise<void> {
  await ctx.store.secrets.remove(secret, secret.arn)
  await ctx.store.jobs.cancel(secret, PURGE_SECRET, secret.arn)
}

/** A retry of the call that made the secret succeeds; any other call for its name is refused. */
async function repeated(
  ctx: WriteContext,
  secret: Secret,
  input: Validated<CreateSecretRequest>,
  value: GivenValue | undefined,
): Promise<CreateSecretResponse> {
  if (secret.deletedAt) throw nameScheduledForDeletion()
  if (!value || secret.primaryRegion !== undefined) throw nameTaken(secret.name)
  const versionId = demandToken(input)
  const version = await ctx.store.secrets.version(secret, secret.arn, versionId)
  const same = version?.value && (await holds(ctx, secret, { id: versionId, value: version.value }, value))
  if (!same) throw nameTaken(secret.name)
  return created(ctx, secret, versionId)
}
