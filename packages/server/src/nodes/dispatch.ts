import type { NodeAssociation, NodeCommand, Report } from '@lockstep/wire'
import type { FleetNode } from '../store/nodes.ts'
import type { Place } from '../store/store.ts'

/** Which node it is. */
export type NodeName = Pick<FleetNode, 'account' | 'region' | 'id'>

/** What a node is to begin, and what it is to leave. */
export interface Due {
  /** Those that it has not reported as begun; sent until it does. */
  readonly commands: readonly NodeCommand[]
  /** Ids of commands that are to end, begun or not. */
  readonly cancelled: readonly string[]
}

/** What the link asks of Run Command. */
export interface Dispatch {
  /** Of these nodes, those for which {@link due} is not empty. It may name some for which it is. */
  waitingAmong(place: Place, ids: readonly string[]): Promise<readonly string[]>
  due(node: NodeName): Promise<Due>
  /**
   * Takes what a node tells of commands, durably. What is known already changes nothing, and so does what is
   * about commands that the node was never sent: it speaks for itself alone.
   */
  takeReport(node: NodeName, report: Pick<Report, 'started' | 'results'>): Promise<void>
}

/** What the link asks of State Manager. */
export interface Associations {
  /** What each node is to be kept at, by its id and in a fixed order; nodes without any need not be among them. */
  of(place: Place, nodes: readonly FleetNode[]): Promise<ReadonlyMap<string, readonly NodeAssociation[]>>
  /** As {@link Dispatch.takeReport}. */
  takeReport(node: FleetNode, report: Report['associations']): Promise<void>
}
