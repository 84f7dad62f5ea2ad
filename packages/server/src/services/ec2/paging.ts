import type { Context } from '../../gateway/context.ts'
import { type Listing, readPage } from '../../gateway/paging.ts'
import { invalidToken, invalidValue } from './errors.ts'

const MIN_RESULTS = 5
const MAX_RESULTS = 1_000

export interface PageInput {
  readonly MaxResults?: number | undefined
  readonly NextToken?: string | undefined
}

/**
 * One page of a list.
 *
 * @throws AwsError InvalidParameterValue for a size that no page has, InvalidPaginationToken for a token of another list
 */
export async function pageOf<Item>(
  ctx: Context,
  { MaxResults = MAX_RESULTS, NextToken }: PageInput,
  listing: Omit<Listing<Item>, 'token' | 'limit'>,
): Promise<{ readonly items: readonly Item[]; readonly next: string | undefined }> {
  // An empty token asks for the first page, as the command line sends it.
  const token = NextToken === '' ? undefined : NextToken
  return readPage(ctx, { ...listing, token, limit: sizeOf(MaxResults) }, invalidToken)
}

// DIVERGENCE: without MaxResults AWS answers everything, to accounts that are old enough; we answer 1,000 and a token,
// as to new ones.
function sizeOf(asked: number): number {
  if (asked < MIN_RESULTS)
    throw invalidValue(
      `Value ( ${asked} ) for parameter maxResults is invalid. Expecting a value greater than ${MIN_RESULTS}.`,
    )
  return Math.min(asked, MAX_RESULTS)
}
