import type { ListDocumentsRequest, ListDocumentsResult } from '@aws-sdk/client-ssm'
import { BUILT_IN_DOCUMENTS } from '../../fleet/built-in-documents.ts'
import { builtInVersion, foundOf } from '../../fleet/find-document.ts'
import type { Context } from '../../gateway/context.ts'
import { readOperation } from '../../gateway/operation.ts'
import { readPage } from '../../gateway/paging.ts'
import { documentFilter, type Listed } from './document-filters.ts'
import { identifierView } from './document-views.ts'
import { invalidNextToken } from './errors.ts'
import { filteredPage } from './listing.ts'

const MAX_PAGE = 50

/**
 * The account's documents and those built in, by name, each with its default version.
 * @see https://docs.aws.amazon.com/systems-manager/latest/APIReference/API_ListDocuments.html
 */
export const ListDocuments = readOperation<ListDocumentsRequest, ListDocumentsResult>({
  action: 'ssm:ListDocuments',

  async run({ DocumentFilterList, Filters, MaxResults: limit = MAX_PAGE, NextToken: token }, ctx) {
    const passes = documentFilter(DocumentFilterList, Filters)
    const listing = {
      ...{ of: ['ListDocuments', JSON.stringify([DocumentFilterList, Filters])], token, limit },
      fetch: (page: Page) => filteredPage(page, (stretch) => documentsBehind(ctx, stretch), passes),
      cursor: ({ id }: Listed) => id,
    }
    const { items, next } = await readPage(ctx, listing, invalidNextToken)
    return {
      DocumentIdentifiers: items.map(({ found, version }) => identifierView(found, version)),
      ...(next !== undefined && { NextToken: next }),
    }
  },
})

interface Page {
  readonly after: string | undefined
  readonly limit: number
}

async function documentsBehind(ctx: Context, { after, limit }: Page): Promise<readonly Listed[]> {
  const builtIn = [...BUILT_IN_DOCUMENTS.values()].map((document) => ({
    id: document.name,
    found: {
      ...{ name: document.name, owner: 'Amazon', stored: undefined },
      ...{ defaultVersion: 1, latestVersion: 1 },
    },
    version: builtInVersion(document),
  }))
  const own = await ctx.store.documents.list({ account: ctx.account, region: ctx.region }, { after, limit })
  return [
    ...builtIn.filter(({ id }) => after === undefined || id > after),
    ...own.map(({ document, version }) => ({ id: document.name, found: foundOf(document), version })),
  ]
    .toSorted((a, b) => (a.id < b.id ? -1 : 1))
    .slice(0, limit)
}
