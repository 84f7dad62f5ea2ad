import type { DeleteTagsRequest } from '@aws-sdk/client-ec2'
import type { ConditionKeys } from '../../gateway/context.ts'
import { writeOperation } from '../../gateway/operation.ts'
import { endDryRun } from './dry-run.ts'
import {
  alsoTagged,
  demandNodes,
  findTagged,
  type Named,
  tagConditions,
  taggedTarget,
} from './tagged-instances.ts'
import { withoutTags } from './tags.ts'

const ACTION = 'ec2:DeleteTags'

/**
 * Takes tags from nodes: those of the given keys, where a value is given only with that value, or all of them.
 *
 * @see https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_DeleteTags.html
 */
export const DeleteTags = writeOperation<DeleteTagsRequest, object, readonly Named[]>({
  action: ACTION,
  resource: findTagged,
  target: taggedTarget,
  keys: (input, _ctx, found) => conditionsOf(input, found),
  also: (input, ctx, found) => alsoTagged(ACTION, ctx, found, conditionsOf(input, found)),

  async run(input, ctx, found) {
    const changed = demandNodes(found).map((node) => ({ ...node, tags: withoutTags(node.tags, input.Tags) }))
    endDryRun(input)
    for (const node of changed) await ctx.store.nodes.update(node)
    return {}
  },
})

/** Who names no tags asks to remove those that are there: leave for some keys is not leave for them all. */
function conditionsOf({ Tags }: DeleteTagsRequest, found: readonly Named[] = []): ConditionKeys {
  if (Tags && Tags.length > 0) return tagConditions(Tags)
  const keys = new Set(found.flatMap(({ node }) => Object.keys(node?.tags ?? {})))
  return tagConditions([...keys].map((Key) => ({ Key })))
}
