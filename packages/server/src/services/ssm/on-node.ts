import { findNode } from '../../fleet/find-node.ts'
import type { Context } from '../../gateway/context.ts'
import type { FleetNode } from '../../store/nodes.ts'
import { noSuchNode } from './errors.ts'

/** The node that a call is about. @throws InvalidInstanceId */
export async function demandNode(ctx: Context, id: string): Promise<FleetNode> {
  const found = await findNode(ctx.store.nodes, { account: ctx.account, region: ctx.region }, id)
  if (!found) throw noSuchNode(id)
  return found
}
