import type { ListTagsRequest, ListTagsResponse } from '@aws-sdk/client-cloudtrail'
import type { Context } from '../../gateway/context.ts'
import { readOperation } from '../../gateway/operation.ts'
import type { DeliveryTrail } from '../../store/deliveries.ts'
import { trailArn } from '../../trail/delivery/topic.ts'
import { invalidCombination } from './errors.ts'
import { tagList } from './tags.ts'
import { demandArn, onTrail } from './trails.ts'

/** @see https://docs.aws.amazon.com/awscloudtrail/latest/APIReference/API_ListTags.html */
const MAX_RESOURCES = 20

const ofOne = onTrail((arn: string) => demandArn(arn))

/**
 * The tags of the trails that are named; the caller needs leave to list each one's.
 * @see https://docs.aws.amazon.com/awscloudtrail/latest/APIReference/API_ListTags.html
 */
export const ListTags = readOperation<ListTagsRequest, ListTagsResponse, readonly DeliveryTrail[]>({
  action: 'cloudtrail:ListTags',
  resource: async ({ ResourceIdList }, ctx) => {
    const trails: DeliveryTrail[] = []
    for (const arn of ResourceIdList.slice(0, MAX_RESOURCES)) trails.push(await ofOne.resource(arn, ctx))
    return trails
  },
  target: ({ ResourceIdList: [first = ''] }, ctx, trails) => targetOf(ctx, first, trails?.[0]),
  also: ({ ResourceIdList }, ctx, trails) =>
    ResourceIdList.slice(1, MAX_RESOURCES).map((arn, i) => ({
      action: 'cloudtrail:ListTags' as const,
      target: targetOf(ctx, arn, trails[i + 1]),
    })),

  async run({ ResourceIdList }, _ctx, trails) {
    if (ResourceIdList.length > MAX_RESOURCES)
      throw invalidCombination(`Name ${MAX_RESOURCES} resources at most.`)
    return {
      ResourceTagList: trails.map((trail) => ({
        ResourceId: trailArn(trail),
        TagsList: tagList(trail.tags),
      })),
    }
  },
})

function targetOf(ctx: Context, arn: string, trail: DeliveryTrail | undefined) {
  return ofOne.target(arn, ctx, trail)
}
