import type { Context } from '../../gateway/context.ts'
import { type Listing, readPage } from '../../gateway/paging.ts'
import { invalidParameter } from './errors.ts'

/** Every list of SNS's has pages of this size. */
const PAGE_ITEMS = 100

/** Fetches the page that a NextToken points to. @throws InvalidParameter for a token of another list */
export async function pageOf<Item>(
  ctx: Context,
  token: string | undefined,
  listing: Omit<Listing<Item>, 'token' | 'limit'>,
): Promise<{ readonly items: readonly Item[]; readonly next: { readonly NextToken?: string } }> {
  const asked = { ...listing, token: token === '' ? undefined : token, limit: PAGE_ITEMS }
  const { items, next } = await readPage(ctx, asked, () =>
    invalidParameter('NextToken Reason: Token is invalid or expired'),
  )
  return { items, next: next === undefined ? {} : { NextToken: next } }
}
