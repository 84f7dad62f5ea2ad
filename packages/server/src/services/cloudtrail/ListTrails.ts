import type { ListTrailsRequest, ListTrailsResponse } from '@aws-sdk/client-cloudtrail'
import { readOperation } from '../../gateway/operation.ts'
import { readPage } from '../../gateway/paging.ts'
import { trailArn } from '../../trail/delivery/topic.ts'
import { invalidNextToken } from './errors.ts'

/** Amazon does not tell its own. */
const TRAILS_IN_A_PAGE = 25

/**
 * The account's trails, those of other regions included.
 * @see https://docs.aws.amazon.com/awscloudtrail/latest/APIReference/API_ListTrails.html
 */
export const ListTrails = readOperation<ListTrailsRequest, ListTrailsResponse>({
  action: 'cloudtrail:ListTrails',

  async run({ NextToken: token }, ctx) {
    const trails = await ctx.store.deliveries.ofAccount(ctx.account)
    const listing = {
      of: ['cloudtrail:ListTrails'],
      token,
      limit: TRAILS_IN_A_PAGE,
      cursor: trailArn,
      async fetch({ after, limit }: { readonly after: string | undefined; readonly limit: number }) {
        const ordered = trails.toSorted((a, b) => (trailArn(a) < trailArn(b) ? -1 : 1))
        return ordered.filter((trail) => after === undefined || trailArn(trail) > after).slice(0, limit)
      },
    }
    const { items, next } = await readPage(ctx, listing, invalidNextToken)
    return {
      Trails: items.map((trail) => ({
        TrailARN: trailArn(trail),
        Name: trail.name,
        HomeRegion: trail.region,
      })),
      ...(next !== undefined && { NextToken: next }),
    }
  },
})
