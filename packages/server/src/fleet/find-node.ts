import type { FleetNode, NodeReader } from '../store/nodes.ts'
import type { Place } from '../store/store.ts'
import { nodeIdOf } from './node-id.ts'

/** The registered node with this id, be it the one or the other. In a transaction, holds its row. */
export async function findNode(
  nodes: NodeReader,
  place: Place,
  eitherId: string,
): Promise<FleetNode | undefined> {
  const id = nodeIdOf(eitherId)
  const found = id === undefined ? undefined : await nodes.find(place, id)
  return found?.state === 'registered' ? found : undefined
}
