import type {
  ReplicateSecretToRegionsRequest,
  ReplicateSecretToRegionsResponse,
} from '@aws-sdk/client-secrets-manager'
import { writeOperation } from '../../gateway/operation.ts'
import { replicationJob } from '../../store/replication.ts'
import type { Secret } from '../../store/secrets.ts'
import { demandChangeable } from './changeable.ts'
import { findSecret, secretConditions, targetOf } from './lookup.ts'
import {
  newReplicas,
  proveMayReplicate,
  replicationConditions,
  replicationStatus,
  wantedReplicas,
} from './replication.ts'

/**
 * Has a secret copied to further regions and kept there as it is here. A region that has a replica already is
 * tried again, under the key that is named now.
 *
 * @see https://docs.aws.amazon.com/secretsmanager/latest/apireference/API_ReplicateSecretToRegions.html
 */
export const ReplicateSecretToRegions = writeOperation<
  ReplicateSecretToRegionsRequest,
  ReplicateSecretToRegionsResponse,
  Secret
>({
  action: 'secretsmanager:ReplicateSecretToRegions',
  resource: (input, ctx) => findSecret(ctx, input.SecretId),
  target: targetOf,
  keys: (input, _ctx, secret) => ({ ...secretConditions(secret), ...replicationConditions(input) }),

  async run(input, ctx, secret) {
    demandChangeable(secret)
    const wanted = wantedReplicas(ctx, input.AddReplicaRegions)
    const added = await newReplicas(ctx, secret, wanted, input.ForceOverwriteReplicaSecret ?? false)
    await proveMayReplicate(ctx, secret)
    const regions = new Set(added.map(({ region }) => region))
    const kept = secret.replicas?.filter(({ region }) => !regions.has(region)) ?? []
    const replicas = [...kept, ...added]
    await ctx.store.secrets.setReplicas(secret, secret.arn, replicas)
    for (const region of regions) await ctx.store.jobs.queue(replicationJob(secret, region, ctx.clock.now()))
    return { ARN: secret.arn, ReplicationStatus: await replicationStatus(ctx, { ...secret, replicas }) }
  },
})
