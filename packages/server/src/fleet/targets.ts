import type { FleetNode, NodeQuery, NodeReader, TagTest } from '../store/nodes.ts'
import type { Place } from '../store/store.ts'
import { nodeIdOf } from './node-id.ts'

/** As commands and associations have it. */
export interface NodeTargets {
  readonly Key?: string | undefined
  readonly Values?: readonly string[] | undefined
}

/** Which nodes are meant: those that pass every target, each by one of its values. */
export type NodeSelection = Pick<NodeQuery, 'ids' | 'tags'>

const TAG = 'tag:'
/** All nodes, where ids are asked for. */
const EVERY = '*'
/** So many rows are read at a time. */
const STRETCH = 2_000

/**
 * What targets mean; undefined where one has a key that means nothing here, such as a resource group. An id that no
 * node can have means no node.
 *
 * @see https://docs.aws.amazon.com/systems-manager/latest/APIReference/API_Target.html
 */
export function selectionOf(targets: readonly NodeTargets[]): NodeSelection | undefined {
  let ids: ReadonlySet<string> | undefined
  const tags: TagTest[] = []
  for (const { Key = '', Values = [] } of targets) {
    if (Key === 'InstanceIds') ids = narrowed(ids, Values)
    else if (Key === 'tag-key') tags.push({ keys: Values })
    else if (Key.startsWith(TAG)) tags.push({ keys: [Key.slice(TAG.length)], values: Values })
    else return undefined
  }
  return { ...(ids && { ids: [...ids] }), tags }
}

function narrowed(
  ids: ReadonlySet<string> | undefined,
  values: readonly string[],
): ReadonlySet<string> | undefined {
  if (values.includes(EVERY)) return ids
  const named = new Set(values.flatMap((value) => nodeIdOf(value) ?? []))
  return ids ? ids.intersection(named) : named
}

/** Whether a node, such as one that has just joined, is among those meant. */
export function isSelected(node: Pick<FleetNode, 'id' | 'tags'>, { ids, tags = [] }: NodeSelection): boolean {
  if (ids && !ids.includes(node.id)) return false
  return tags.every(({ keys, values }) =>
    keys.some((key) => Object.hasOwn(node.tags, key) && (values?.includes(node.tags[key] ?? '') ?? true)),
  )
}

/** Every registered node that is meant, by id. */
export async function selectedNodes(
  nodes: NodeReader,
  place: Place,
  selection: NodeSelection,
): Promise<readonly FleetNode[]> {
  const found: FleetNode[] = []
  for (;;) {
    const stretch = await nodes.list(place, { ...selection, after: found.at(-1)?.id, limit: STRETCH })
    found.push(...stretch)
    if (stretch.length < STRETCH) return found
  }
}
