import type { DescribeTrailsRequest, DescribeTrailsResponse } from '@aws-sdk/client-cloudtrail'
import type { Context } from '../../gateway/context.ts'
import { readOperation } from '../../gateway/operation.ts'
import type { DeliveryTrail } from '../../store/deliveries.ts'
import { isSeenIn, namedTrail } from './trails.ts'
import { trailView } from './views.ts'

/**
 * The trails that the region sees, or those of them that are asked for; a name that is none is passed over.
 * @see https://docs.aws.amazon.com/awscloudtrail/latest/APIReference/API_DescribeTrails.html
 */
export const DescribeTrails = readOperation<DescribeTrailsRequest, DescribeTrailsResponse>({
  action: 'cloudtrail:DescribeTrails',

  async run({ trailNameList = [], includeShadowTrails = true }, ctx) {
    const all = await ctx.store.deliveries.ofAccount(ctx.account)
    const seen = all.filter((trail) =>
      includeShadowTrails ? isSeenIn(trail, ctx.region) : trail.region === ctx.region,
    )
    const asked = trailNameList.map((text) => namedTrail(ctx, text))
    const found =
      asked.length === 0 ? seen : seen.filter((trail) => asked.some((name) => isOf(ctx, trail, name)))
    return { trailList: found.map(trailView) }
  },
})

/** A trail of another region goes by its ARN alone. */
function isOf(ctx: Context, trail: DeliveryTrail, named: ReturnType<typeof namedTrail>): boolean {
  return (
    trail.name === named.name &&
    trail.account === named.account &&
    trail.region === (named.isArn ? named.region : ctx.region)
  )
}
