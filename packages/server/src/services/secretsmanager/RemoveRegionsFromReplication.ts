import type {
  RemoveRegionsFromReplicationRequest,
  RemoveRegionsFromReplicationResponse,
} from '@aws-sdk/client-secrets-manager'
import type { WriteContext } from '../../gateway/context.ts'
import { writeOperation } from '../../gateway/operation.ts'
import { arnIn, isReplicaOf, REPLICATE_SECRET } from '../../store/replication.ts'
import type { Secret } from '../../store/secrets.ts'
import { demandChangeable } from './changeable.ts'
import { invalidReplicaRegion } from './errors.ts'
import { findSecret, secretConditions, targetOf } from './lookup.ts'
import { replicationStatus } from './replication.ts'

/**
 * Removes replicas, at once and for good. Regions without one are passed over.
 *
 * @see https://docs.aws.amazon.com/secretsmanager/latest/apireference/API_RemoveRegionsFromReplication.html
 */
export const RemoveRegionsFromReplication = writeOperation<
  RemoveRegionsFromReplicationRequest,
  RemoveRegionsFromReplicationResponse,
  Secret
>({
  action: 'secretsmanager:RemoveRegionsFromReplication',
  resource: (input, ctx) => findSecret(ctx, input.SecretId),
  target: targetOf,
  keys: (_input, _ctx, secret) => secretConditions(secret),

  async run(input, ctx, secret) {
    demandChangeable(secret)
    const removed = new Set(input.RemoveReplicaRegions)
    if (removed.has(secret.region)) throw invalidReplicaRegion()
    const replicas = secret.replicas?.filter(({ region }) => !removed.has(region)) ?? []
    for (const { region } of secret.replicas ?? []) {
      if (removed.has(region)) await removeReplica(ctx, secret, region)
    }
    await ctx.store.secrets.setReplicas(secret, secret.arn, replicas)
    return { ARN: secret.arn, ReplicationStatus: await replicationStatus(ctx, { ...secret, replicas }) }
  },
})

/** A secret that only has the replica's name, because it was there before, stays. */
async function removeReplica({ store }: WriteContext, primary: Secret, region: string): Promise<void> {
  const place = { account: primary.account, region }
  const arn = arnIn(primary.arn, region)
  await store.jobs.cancel(primary, REPLICATE_SECRET, arn)
  const found = await store.secrets.byArn(place, arn)
  if (found && isReplicaOf(primary, found)) await store.secrets.remove(place, arn)
}
