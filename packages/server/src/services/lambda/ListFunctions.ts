import type { ListFunctionsRequest, ListFunctionsResponse } from '@aws-sdk/client-lambda'
import { builtInFunctions } from '../../functions/built-in.ts'
import type { Context } from '../../gateway/context.ts'
import { readOperation } from '../../gateway/operation.ts'
import { readPage } from '../../gateway/paging.ts'
import type { FunctionRecord } from '../../store/functions.ts'
import { invalidMarker } from './errors.ts'
import { settingsOf } from './view.ts'

/** However many are asked for. @see https://docs.aws.amazon.com/lambda/latest/api/API_ListFunctions.html */
const MAX_PAGE = 50

/**
 * Lists the account's functions in this region, the built-in ones among them, by name. Each has its newest version
 * only, so that `FunctionVersion: ALL` lists the same; no function is a copy from another region.
 *
 * @see https://docs.aws.amazon.com/lambda/latest/api/API_ListFunctions.html
 */
export const ListFunctions = readOperation<ListFunctionsRequest, ListFunctionsResponse>({
  action: 'lambda:ListFunctions',

  async run({ Marker, MaxItems = MAX_PAGE, FunctionVersion, MasterRegion }, ctx) {
    const listing = {
      of: ['ListFunctions', FunctionVersion ?? '', MasterRegion ?? ''],
      token: Marker,
      limit: Math.min(MaxItems, MAX_PAGE),
      fetch: (page: Page) => functionsAfter(ctx, page),
      cursor: ({ name }: FunctionRecord) => name,
    }
    const { items, next } = await readPage(ctx, listing, invalidMarker)
    return {
      Functions: items.map((each) => settingsOf(ctx, each)),
      ...(next !== undefined && { NextMarker: next }),
    }
  },
})

interface Page {
  readonly after: string | undefined
  readonly limit: number
}

async function functionsAfter(ctx: Context, { after, limit }: Page): Promise<readonly FunctionRecord[]> {
  const place = { account: ctx.account, region: ctx.region }
  const stored = await ctx.store.functions.list(place, after, limit)
  const builtIn = builtInFunctions(place, ctx.partition).filter(({ name }) => name > (after ?? ''))
  return [...stored, ...builtIn].sort((a, b) => (a.name < b.name ? -1 : 1)).slice(0, limit)
}
