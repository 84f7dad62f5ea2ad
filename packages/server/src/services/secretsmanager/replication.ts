import type { ReplicaRegionType, ReplicationStatusType } from '@aws-sdk/client-secrets-manager'
import { partitionOf } from '@lockstep/wire'
import type { Check, ConditionKeys, Context, WriteContext } from '../../gateway/context.ts'
import { arnIn, isReplicaOf } from '../../store/replication.ts'
import type { Replica, Secret } from '../../store/secrets.ts'
import { duplicateReplicaRegions, invalidReplicaRegion } from './errors.ts'
import { chosenKey, proveMayOpen, proveMaySeal } from './values.ts'

/** A replica region as a caller names it. */
export interface WantedReplica {
  readonly region: string
  readonly kmsKeyId: string | undefined
}

/**
 * The replica regions in a request.
 * @throws InvalidParameterException for the secret's own region, one that this server does not answer for, one of
 *   another partition, and one that is named twice.
 */
export function wantedReplicas(ctx: Context, list: readonly ReplicaRegionType[]): readonly WantedReplica[] {
  const wanted = list.map(({ Region: region, KmsKeyId: kmsKeyId }) => {
    const isServed = region !== undefined && ctx.regions.includes(region)
    if (!isServed || region === ctx.region || partitionOf(region) !== ctx.partition)
      throw invalidReplicaRegion()
    return { region, kmsKeyId }
  })
  if (new Set(wanted.map(({ region }) => region)).size < wanted.length) throw duplicateReplicaRegions()
  return wanted
}

/**
 * The replicas that a caller asks for, once the caller has proved to be allowed to use their keys. What follows, now
 * and after later changes, the service does by itself.
 *
 * DIVERGENCE: AWS takes a replica whose key does not exist, or may not be used by the caller, and shows it as
 * Failed; we refuse the call.
 *
 * @throws InvalidParameterException for a key that is not in the region, AccessDeniedException
 */
export async function newReplicas(
  ctx: WriteContext,
  secret: Secret,
  wanted: readonly WantedReplica[],
  overwrites: boolean,
): Promise<readonly Replica[]> {
  const replicas: Replica[] = []
  for (const { region, kmsKeyId } of wanted) {
    const there = inRegion(ctx, region)
    const key = await chosenKey(there, kmsKeyId)
    const owner = { account: secret.account, arn: arnIn(secret.arn, region), kmsKeyArn: key?.key.arn }
    await proveMaySeal(there, owner)
    const known = secret.replicas?.find((one) => one.region === region)
    replicas.push({
      region,
      kmsKeyId: key?.id,
      kmsKeyArn: key?.key.arn,
      status: 'InProgress',
      overwrites: overwrites || undefined,
      reseals: (known && known.kmsKeyArn !== key?.key.arn) || undefined,
    })
  }
  return replicas
}

/**
 * Demands of the caller that they may open every version that would be copied.
 * @throws AccessDeniedException
 */
export async function proveMayReplicate(ctx: WriteContext, secret: Secret): Promise<void> {
  for (const { id, value } of await ctx.store.secrets.versions(secret, secret.arn)) {
    if (value) await proveMayOpen(ctx, secret, { id, kmsKeyArn: value.kmsKeyArn })
  }
}

/** The same call as the services of another region would see it: their keys, their kms:ViaService. */
function inRegion(ctx: WriteContext, region: string): WriteContext {
  const there = ({ keys, ...check }: Check): Check => ({
    ...check,
    keys: { ...keys, 'aws:RequestedRegion': region },
  })
  return {
    ...ctx,
    region,
    refusal: (check) => ctx.refusal(there(check)),
    demand: (check) => ctx.demand(there(check)),
  }
}

/** Where the replicas of a secret stand; nothing for a secret without any. */
export async function replicationStatus(
  ctx: Context,
  secret: Pick<Secret, 'account' | 'region' | 'arn' | 'replicas'>,
): Promise<ReplicationStatusType[] | undefined> {
  if (!secret.replicas) return undefined
  return Promise.all(secret.replicas.map((replica) => statusOf(ctx, secret, replica)))
}

async function statusOf(
  ctx: Context,
  primary: Pick<Secret, 'account' | 'region' | 'arn'>,
  { region, kmsKeyId, status, statusMessage }: Replica,
): Promise<ReplicationStatusType> {
  const place = { account: primary.account, region }
  const found = await ctx.store.secrets.byArn(place, arnIn(primary.arn, region))
  return {
    Region: region,
    KmsKeyId: kmsKeyId ?? 'alias/aws/secretsmanager',
    Status: status,
    StatusMessage: statusMessage,
    LastAccessedDate: found && isReplicaOf(primary, found) ? found.accessedAt : undefined,
  }
}

/** What policies may ask about a call that replicates. */
export function replicationConditions(input: {
  readonly AddReplicaRegions?: readonly ReplicaRegionType[] | undefined
  readonly ForceOverwriteReplicaSecret?: boolean | undefined
}): ConditionKeys {
  return {
    'secretsmanager:AddReplicaRegions': input.AddReplicaRegions?.flatMap(({ Region }) => Region ?? []),
    'secretsmanager:ForceOverwriteReplicaSecret': input.ForceOverwriteReplicaSecret?.toString(),
  }
}

/** The primary of a replica. */
export async function primaryOf(ctx: WriteContext, replica: Secret): Promise<Secret | undefined> {
  const region = replica.primaryRegion
  if (region === undefined) return undefined
  return ctx.store.secrets.byArn({ account: replica.account, region }, arnIn(replica.arn, region))
}
