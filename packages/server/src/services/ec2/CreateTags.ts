import type { CreateTagsRequest } from '@aws-sdk/client-ec2'
import type { ConditionKeys } from '../../gateway/context.ts'
import { writeOperation } from '../../gateway/operation.ts'
import { endDryRun } from './dry-run.ts'
import { missingParameter } from './errors.ts'
import {
  alsoTagged,
  demandNodes,
  findTagged,
  type Named,
  tagConditions,
  taggedTarget,
} from './tagged-instances.ts'
import { withTags } from './tags.ts'

const ACTION = 'ec2:CreateTags'

/**
 * Adds tags to nodes, or gives those they have other values. They are the tags that Systems Manager has of them.
 *
 * @see https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_CreateTags.html
 */
// DIVERGENCE: CloudTrail writes what EC2 is asked as the service's older `resourcesSet` and `tagSet` of `items`; our
// events have the members that the API has.
export const CreateTags = writeOperation<CreateTagsRequest, object, readonly Named[]>({
  action: ACTION,
  resource: findTagged,
  target: taggedTarget,
  keys: conditionsOf,
  also: (input, ctx, found) => alsoTagged(ACTION, ctx, found, conditionsOf(input)),

  async run(input, ctx, found) {
    const { Tags } = input
    if (Tags.length === 0) throw missingParameter('Tag')
    const changed = demandNodes(found).map((node) => ({ ...node, tags: withTags(node.tags, Tags) }))
    endDryRun(input)
    for (const node of changed) await ctx.store.nodes.update(node)
    return {}
  },
})

/** A tag without a value has the empty one. */
function conditionsOf({ Tags = [] }: CreateTagsRequest): ConditionKeys {
  return tagConditions(Tags.map(({ Key, Value = '' }) => ({ Key, Value })))
}
