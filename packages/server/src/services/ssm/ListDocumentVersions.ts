import type { ListDocumentVersionsRequest, ListDocumentVersionsResult } from '@aws-sdk/client-ssm'
import { BUILT_IN_DOCUMENTS } from '../../fleet/built-in-documents.ts'
import { builtInVersion, type FoundDocument } from '../../fleet/find-document.ts'
import type { Context } from '../../gateway/context.ts'
import { readOperation } from '../../gateway/operation.ts'
import { readPage } from '../../gateway/paging.ts'
import type { StoredDocumentVersion } from '../../store/documents.ts'
import { versionView } from './document-views.ts'
import { onDocument } from './documents.ts'
import { invalidNextToken } from './errors.ts'

const MAX_PAGE = 50

/**
 * From the newest version down.
 * @see https://docs.aws.amazon.com/systems-manager/latest/APIReference/API_ListDocumentVersions.html
 */
export const ListDocumentVersions = readOperation<
  ListDocumentVersionsRequest,
  ListDocumentVersionsResult,
  FoundDocument
>({
  action: 'ssm:ListDocumentVersions',
  ...onDocument,

  async run({ MaxResults: limit = MAX_PAGE, NextToken: token }, ctx, found) {
    const listing = {
      ...{ of: ['ListDocumentVersions', found.name], token, limit },
      fetch: (page: Page) => versionsOf(ctx, found, page),
      cursor: ({ number }: StoredDocumentVersion) => String(number),
    }
    const { items, next } = await readPage(ctx, listing, invalidNextToken)
    return {
      DocumentVersions: items.map((version) => versionView(found, version)),
      ...(next !== undefined && { NextToken: next }),
    }
  },
})

interface Page {
  readonly after: string | undefined
  readonly limit: number
}

async function versionsOf(ctx: Context, { name, stored }: FoundDocument, { after, limit }: Page) {
  if (stored)
    return ctx.store.documents.versions(stored, name, {
      before: after === undefined ? undefined : Number(after),
      limit,
    })
  const builtIn = BUILT_IN_DOCUMENTS.get(name)
  return builtIn && after === undefined ? [builtInVersion(builtIn)] : []
}
