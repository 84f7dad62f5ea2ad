import { findNode } from '../../fleet/find-node.ts'
import { nodeTarget } from '../../fleet/node-target.ts'
import { isSelected, selectionOf } from '../../fleet/targets.ts'
import type { Context, Target } from '../../gateway/context.ts'
import type { Association } from '../../store/associations.ts'
import type { FleetNode } from '../../store/nodes.ts'
import { noSuchNode } from './errors.ts'
import { filteredPage } from './listing.ts'

interface Named {
  readonly InstanceId: string
}

/** What operations on one node's associations have in common. */
export const onNodeAssociations = {
  /** @throws InvalidInstanceId */
  async resource({ InstanceId }: Named, ctx: Context): Promise<FleetNode> {
    const found = await findNode(ctx.store.nodes, { account: ctx.account, region: ctx.region }, InstanceId)
    if (!found) throw noSuchNode(InstanceId)
    return found
  },
  target: ({ InstanceId }: Named, ctx: Context, node: FleetNode | undefined): Target =>
    nodeTarget(ctx, InstanceId, node),
}

/** The associations that are meant for a node, by id. */
export function associationsOfNode(
  { store, account, region }: Context,
  node: FleetNode,
  page: { readonly after: string | undefined; readonly limit: number },
): Promise<readonly Association[]> {
  return filteredPage(
    page,
    (stretch) => store.associations.list({ account, region }, stretch),
    ({ settings }) => {
      const selection = selectionOf(settings.targets)
      return selection !== undefined && isSelected(node, selection)
    },
  )
}
