import type { DescribeTagsRequest, DescribeTagsResult, TagDescription } from '@aws-sdk/client-ec2'
import { ec2IdOf, nodeIdOf } from '../../fleet/node-id.ts'
import type { Context } from '../../gateway/context.ts'
import { readOperation } from '../../gateway/operation.ts'
import type { FleetNode } from '../../store/nodes.ts'
import { endDryRun } from './dry-run.ts'
import { compileFilters, type FieldOf, fieldsOf } from './filters.ts'
import { nodesBehind, type Selection, selectionOf } from './instances.ts'
import { pageOf } from './paging.ts'
import { shownTags } from './server-tags.ts'

const TAG = 'tag:'

const fields = fieldsOf<TagDescription>({
  key: ({ Key = '' }) => [Key],
  'resource-id': ({ ResourceId = '' }) => [ResourceId],
  'resource-type': ({ ResourceType = '' }) => [ResourceType],
  value: ({ Value = '' }) => [Value],
})

/** `tag:K` finds the tag K with one of the values. */
const field: FieldOf<TagDescription> = (name) => {
  if (!name.startsWith(TAG)) return fields(name)
  const key = name.slice(TAG.length)
  return ({ Key, Value = '' }) => (Key === key ? [Value] : [])
}

/**
 * Lists the tags of the fleet's nodes, one by one.
 *
 * @see https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_DescribeTags.html
 */
export const DescribeTags = readOperation<DescribeTagsRequest, DescribeTagsResult>({
  action: 'ec2:DescribeTags',

  async run(input, ctx) {
    const { Filters = [] } = input
    endDryRun(input)
    const passes = compileFilters(Filters, field)
    const selection = selectionOf(
      Filters.map(({ Name, Values = [] }) => ({
        Name: Name === 'resource-id' ? 'instance-id' : Name,
        Values,
      })),
    )
    const { items, next } = await pageOf(ctx, input, {
      of: ['ec2:DescribeTags', JSON.stringify(Filters)],
      fetch: (page) => passingTags(ctx, selection, passes, page),
      cursor: ({ ResourceId = '', Key = '' }) => `${ResourceId} ${Key}`,
    })
    return { Tags: [...items], ...(next !== undefined && { NextToken: next }) }
  },
})

async function passingTags(
  ctx: Context,
  selection: Selection,
  passes: (tag: TagDescription) => boolean,
  { after, limit }: { readonly after: string | undefined; readonly limit: number },
): Promise<readonly TagDescription[]> {
  const found: TagDescription[] = []
  for await (const tag of tagsBehind(ctx, selection, after)) {
    if (passes(tag)) found.push(tag)
    if (found.length === limit) break
  }
  return found
}

/** The tags of the selected nodes by node and key, from behind `INSTANCE KEY`. */
async function* tagsBehind(
  ctx: Context,
  selection: Selection,
  after: string | undefined,
): AsyncGenerator<TagDescription> {
  const instance = after?.slice(0, after.indexOf(' '))
  const nodeId = instance === undefined ? undefined : nodeIdOf(instance)
  const begun = nodeId === undefined ? undefined : await ctx.store.nodes.find(ctx, nodeId)
  if (begun?.state === 'registered') {
    const lastKey = after?.slice(after.indexOf(' ') + 1) ?? ''
    yield* tagsOf(begun).filter(({ Key = '' }) => Key > lastKey)
  }
  for await (const node of nodesBehind(ctx, selection, nodeId)) yield* tagsOf(node)
}

function tagsOf(node: FleetNode): readonly TagDescription[] {
  const tags = Object.entries(shownTags(node)).toSorted(([a], [b]) => (a < b ? -1 : 1))
  return tags.map(([Key, Value]) => ({ ResourceId: ec2IdOf(node.id), ResourceType: 'instance', Key, Value }))
}
