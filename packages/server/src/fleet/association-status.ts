import type { Association, ExecutionTarget } from '../store/associations.ts'
import type { FleetNode, NodeReader } from '../store/nodes.ts'
import { type DesiredSources, planOf } from './desired.ts'
import { selectedNodes, selectionOf } from './targets.ts'

/** In Amazon's words. */
type NodeStatus = 'Pending' | 'Success' | 'Failed'

/** How one node stands with an association's present execution. */
export interface NodeStanding {
  readonly node: string
  readonly status: NodeStatus
  /** The status, or what kind of failure it is. */
  readonly detailedStatus: NodeStatus | 'TimedOut'
  readonly report: ExecutionTarget | undefined
}

export interface StandingSources extends DesiredSources {
  readonly store: DesiredSources['store'] & { readonly nodes: NodeReader }
}

/** What an association, or an execution of it, comes to. */
export interface Overview {
  readonly status: NodeStatus
  readonly counts: Readonly<Partial<Record<NodeStatus, number>>>
}

/** So many rows are read at a time. */
const STRETCH = 1_000

/** Every node that an association is meant for now, by id. */
export async function standings(
  sources: StandingSources,
  association: Association,
  now: Date,
): Promise<readonly NodeStanding[]> {
  const selection = selectionOf(association.settings.targets)
  if (!selection) return []
  const { account, region } = association
  const nodes = await selectedNodes(sources.store.nodes, { account, region }, selection)
  const plan = await planOf(sources, association, now)
  const reports = await reportsOf(sources, association, association.execution)
  const byNode = new Map(reports.map((report) => [report.node, report]))
  return nodes.map((node) => standingOf(node, byNode.get(node.id), plan?.version))
}

/** What a node told of a version that is the present one no longer does not count. */
export function standingOf(
  { id }: Pick<FleetNode, 'id'>,
  report: ExecutionTarget | undefined,
  version: string | undefined,
): NodeStanding {
  if (!report || (version !== undefined && report.version !== version))
    return { node: id, status: 'Pending', detailedStatus: 'Pending', report: undefined }
  return reported(report)
}

/** What was reported of an execution, be it the present one or not. */
export async function reportedStandings(
  sources: DesiredSources,
  association: Association,
  execution: number,
): Promise<readonly NodeStanding[]> {
  return (await reportsOf(sources, association, execution)).map(reported)
}

function reported(report: ExecutionTarget): NodeStanding {
  const status = report.status === 'Success' ? 'Success' : 'Failed'
  return { node: report.node, status, detailedStatus: report.status, report }
}

async function reportsOf(
  { store }: DesiredSources,
  association: Association,
  execution: number,
): Promise<readonly ExecutionTarget[]> {
  const found: ExecutionTarget[] = []
  for (;;) {
    const page = { after: found.at(-1)?.node, limit: STRETCH }
    const stretch = await store.associations.targets(association, execution, page)
    found.push(...stretch)
    if (stretch.length < STRETCH) return found
  }
}

/** Pending while a node is, and where there is none; then failed where one failed. */
export function overviewOf(nodes: readonly NodeStanding[]): Overview {
  const counts: Partial<Record<NodeStatus, number>> = {}
  for (const { status } of nodes) counts[status] = (counts[status] ?? 0) + 1
  const status = nodes.length === 0 || counts.Pending ? 'Pending' : counts.Failed ? 'Failed' : 'Success'
  return { status, counts }
}
