import type { Filter } from '@aws-sdk/client-ec2'
import { nodeIdOf } from '../../fleet/node-id.ts'
import type { Context } from '../../gateway/context.ts'
import { nextTurn } from '../../platform/timer.ts'
import type { FleetNode, NodeQuery, TagTest } from '../../store/nodes.ts'
import { malformedInstanceId, noSuchInstances, tooManyIds } from './errors.ts'
import { literalOf } from './glob.ts'

/** So many rows are read at a time. */
const STRETCH = 200
/** As many as one call may name. */
const MAX_IDS = 1_000
/** So many nodes are looked at before others have their turn. */
const TURN = 20
const TAG = 'tag:'

/** Which nodes a list is about, as far as the store can tell. */
export type Selection = Pick<NodeQuery, 'ids' | 'tags'>

/**
 * Up to `limit` of the selected nodes that pass, by id, from behind `after`.
 */
export async function passingNodes(
  ctx: Context,
  selection: Selection,
  passes: (node: FleetNode) => boolean,
  page: { readonly after: string | undefined; readonly limit: number },
): Promise<readonly FleetNode[]> {
  const found: FleetNode[] = []
  for await (const node of nodesBehind(ctx, selection, page.after)) {
    if (passes(node)) found.push(node)
    if (found.length === page.limit) break
  }
  return found
}

/** The selected nodes by id, from behind `after`. Gives others their turn now and then. */
export async function* nodesBehind(
  ctx: Context,
  selection: Selection,
  after: string | undefined,
): AsyncGenerator<FleetNode> {
  let last = after
  let seen = 0
  for (;;) {
    const stretch = await ctx.store.nodes.list(ctx, { ...selection, after: last, limit: STRETCH })
    for (const node of stretch) {
      if (seen++ % TURN === TURN - 1) await nextTurn(ctx.timer)
      yield node
    }
    last = stretch.at(-1)?.id
    if (stretch.length < STRETCH) return
  }
}

/**
 * The nodes that a caller names by their `i-` ids.
 *
 * @throws AwsError InvalidInstanceID.Malformed, InvalidInstanceID.NotFound where one of them is not registered
 */
export async function namedNodes(ctx: Context, ids: readonly string[]): Promise<readonly FleetNode[]> {
  if (ids.length > MAX_IDS) throw tooManyIds(ids.length, MAX_IDS)
  const wanted = new Map(ids.map((id) => [nodeIdOfInstance(id), id]))
  const found: FleetNode[] = []
  for await (const node of nodesBehind(ctx, { ids: [...wanted.keys()] }, undefined)) found.push(node)
  for (const { id } of found) wanted.delete(id)
  if (wanted.size > 0) throw noSuchInstances([...wanted.values()])
  return found
}

/**
 * What the store itself can look for of what the filters ask, so that one node of a large fleet is found quickly. What
 * it finds must still pass them all.
 */
export function selectionOf(filters: readonly Filter[]): Selection {
  const tags: TagTest[] = []
  let ids: readonly string[] | undefined
  for (const { Name = '', Values = [] } of filters) {
    const literals = Values.flatMap((value) => literalOf(value) ?? [])
    if (literals.length < Values.length) continue
    if (Name === 'instance-id')
      ids ??= literals.filter((id) => id.startsWith('i-')).flatMap((id) => nodeIdOf(id) ?? [])
    // What the server adds to the tags is in no row.
    if (Name.startsWith(TAG) && !Name.startsWith(`${TAG}lockstep:`))
      tags.push({ keys: [Name.slice(TAG.length)], values: literals })
  }
  return { ...(ids && { ids }), tags }
}

/** @throws AwsError InvalidInstanceID.Malformed */
function nodeIdOfInstance(id: string): string {
  const nodeId = id.startsWith('i-') ? nodeIdOf(id) : undefined
  if (nodeId === undefined) {
    // DIVERGENCE: AWS has ids of 8 digits beside those of 17, and does not know ours; here none has 8.
    if (/^i-[0-9a-f]{8}$/.test(id)) throw noSuchInstances([id])
    throw malformedInstanceId(id)
  }
  return nodeId
}
