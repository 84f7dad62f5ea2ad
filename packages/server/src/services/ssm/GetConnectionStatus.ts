import type { GetConnectionStatusRequest, GetConnectionStatusResponse } from '@aws-sdk/client-ssm'
import { findNode } from '../../fleet/find-node.ts'
import { nodeTarget } from '../../fleet/node-target.ts'
import { pingStatus } from '../../fleet/ping.ts'
import { readOperation } from '../../gateway/operation.ts'
import type { FleetNode } from '../../store/nodes.ts'

/**
 * Whether a node can be reached; one that does not exist cannot.
 *
 * @see https://docs.aws.amazon.com/systems-manager/latest/APIReference/API_GetConnectionStatus.html
 */
export const GetConnectionStatus = readOperation<
  GetConnectionStatusRequest,
  GetConnectionStatusResponse,
  FleetNode | undefined
>({
  action: 'ssm:GetConnectionStatus',
  resource: ({ Target }, { store, account, region }) => findNode(store.nodes, { account, region }, Target),
  target: ({ Target }, ctx, node) => nodeTarget(ctx, Target, node),

  run: async ({ Target }, ctx, node) => ({
    Target,
    Status: node && pingStatus(node, ctx.clock.now()) === 'Online' ? 'connected' : 'notconnected',
  }),
})
