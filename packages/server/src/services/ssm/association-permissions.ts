import { nodeTarget } from '../../fleet/node-target.ts'
import { selectedNodes, selectionOf } from '../../fleet/targets.ts'
import type { Check, Context, Target } from '../../gateway/context.ts'
import type { AssociationSettings } from '../../store/associations.ts'

type Targets = AssociationSettings['targets']

/** Of values of several targets, at most so many combinations are asked about. */
const MAX_COMBINATIONS = 500

/**
 * The nodes that an association is about to reach, as policies see them: those that it would reach now, and where its
 * targets are open to others, one that stands for them. That one has the tags that are asked for and no others, so
 * that a policy which admits nodes by such a tag, or all nodes, admits it, and one that names nodes does not.
 */
export async function reachedTargets(ctx: Context, targets: Targets): Promise<readonly Target[]> {
  const selection = selectionOf(targets)
  if (!selection) return []
  const { account, region } = ctx
  const nodes = await selectedNodes(ctx.store.nodes, { account, region }, selection)
  const present = nodes.map((node) => nodeTarget(ctx, node.id, node))
  const absent = (selection.ids ?? [])
    .filter((id) => !nodes.some((node) => node.id === id))
    .map((id) => nodeTarget(ctx, id))
  return [...present, ...absent, ...(selection.ids ? [] : futureTargets(ctx, targets))]
}

function futureTargets(ctx: Context, targets: Targets): readonly Target[] {
  const tagged = targets.filter(({ Key }) => Key.startsWith('tag:'))
  let combinations: readonly Readonly<Record<string, string>>[] = [{}]
  for (const { Key, Values } of tagged) {
    if (combinations.length * Values.length > MAX_COMBINATIONS) break
    combinations = combinations.flatMap((tags) => Values.map((value) => ({ ...tags, [Key.slice(4)]: value })))
  }
  return combinations.map((tags) => ({ ...nodeTarget(ctx, 'mi-*'), tags }))
}

/** One question for each target. */
export function checksOf(
  action: 'ssm:CreateAssociation' | 'ssm:UpdateAssociation',
  targets: readonly Target[],
): readonly Check[] {
  return targets.map((target) => ({ action, target }))
}
