import type {
  StopReplicationToReplicaRequest,
  StopReplicationToReplicaResponse,
} from '@aws-sdk/client-secrets-manager'
import { writeOperation } from '../../gateway/operation.ts'
import { REPLICATE_SECRET } from '../../store/replication.ts'
import type { Secret } from '../../store/secrets.ts'
import { notAReplica } from './errors.ts'
import { findSecret, secretConditions, targetOf } from './lookup.ts'
import { primaryOf } from './replication.ts'

/**
 * Makes a replica a secret of its own: it keeps its ARN and everything it has, and can be changed from now on. Its
 * primary forgets it. Rotation stays with the primary.
 *
 * @see https://docs.aws.amazon.com/secretsmanager/latest/apireference/API_StopReplicationToReplica.html
 */
export const StopReplicationToReplica = writeOperation<
  StopReplicationToReplicaRequest,
  StopReplicationToReplicaResponse,
  Secret
>({
  action: 'secretsmanager:StopReplicationToReplica',
  resource: (input, ctx) => findSecret(ctx, input.SecretId),
  target: targetOf,
  keys: (_input, _ctx, secret) => secretConditions(secret),

  async run(_input, ctx, secret) {
    if (secret.primaryRegion === undefined) throw notAReplica()
    const { secrets, jobs } = ctx.store
    const primary = await primaryOf(ctx, secret)
    if (primary) {
      const others = primary.replicas?.filter(({ region }) => region !== secret.region) ?? []
      await secrets.setReplicas(primary, primary.arn, others)
      await jobs.cancel(primary, REPLICATE_SECRET, secret.arn)
    }
    const changedAt = ctx.clock.now()
    await secrets.update({ ...secret, primaryRegion: undefined, rotation: undefined, changedAt })
    return { ARN: secret.arn }
  },
})
