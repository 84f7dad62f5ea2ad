import type { DeregisterManagedInstanceRequest } from '@aws-sdk/client-ssm'
import { deregistered } from '../../fleet/dispatch.ts'
import { nodeTarget } from '../../fleet/node-target.ts'
import { writeOperation } from '../../gateway/operation.ts'
import type { FleetNode } from '../../store/nodes.ts'
import { demandNode } from './on-node.ts'

/**
 * Ends a node: its key is forgotten, so that nothing it signs is believed from now on, and its id names nothing.
 *
 * @see https://docs.aws.amazon.com/systems-manager/latest/APIReference/API_DeregisterManagedInstance.html
 */
export const DeregisterManagedInstance = writeOperation<DeregisterManagedInstanceRequest, object, FleetNode>({
  action: 'ssm:DeregisterManagedInstance',
  resource: ({ InstanceId }, ctx) => demandNode(ctx, InstanceId),
  target: ({ InstanceId }, ctx, node) => nodeTarget(ctx, InstanceId, node),

  async run(_input, ctx, { publicKey: _, ...node }) {
    await ctx.store.nodes.update({ ...node, state: 'deregistered' })
    const place = { account: node.account, region: node.region, instanceId: node.id }
    await deregistered(ctx.store, place, { random: ctx.random, now: ctx.clock.now() })
    return {}
  },
})
