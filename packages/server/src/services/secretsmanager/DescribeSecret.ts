import type { DescribeSecretRequest, DescribeSecretResponse } from '@aws-sdk/client-secrets-manager'
import { readOperation } from '../../gateway/operation.ts'
import type { Secret } from '../../store/secrets.ts'
import { findSecret, secretConditions, targetOf } from './lookup.ts'
import { replicationStatus } from './replication.ts'
import { describe } from './view.ts'

/**
 * Everything about a secret but its values. Works while it is scheduled for deletion.
 *
 * @see https://docs.aws.amazon.com/secretsmanager/latest/apireference/API_DescribeSecret.html
 */
export const DescribeSecret = readOperation<DescribeSecretRequest, DescribeSecretResponse, Secret>({
  action: 'secretsmanager:DescribeSecret',
  resource: (input, ctx) => findSecret(ctx, input.SecretId),
  target: targetOf,
  keys: (_input, _ctx, secret) => secretConditions(secret),
  run: async (_input, ctx, secret) => ({
    ...describe(secret),
    ReplicationStatus: await replicationStatus(ctx, secret),
  }),
})
