import type { ListAssociationVersionsRequest, ListAssociationVersionsResult } from '@aws-sdk/client-ssm'
import { readOperation } from '../../gateway/operation.ts'
import { readPage } from '../../gateway/paging.ts'
import type { Association, AssociationVersion } from '../../store/associations.ts'
import { associationVersionView } from './association-views.ts'
import { onAssociation } from './associations.ts'
import { invalidNextToken } from './errors.ts'

const MAX_PAGE = 50

/**
 * From the newest version down.
 * @see https://docs.aws.amazon.com/systems-manager/latest/APIReference/API_ListAssociationVersions.html
 */
export const ListAssociationVersions = readOperation<
  ListAssociationVersionsRequest,
  ListAssociationVersionsResult,
  Association
>({
  action: 'ssm:ListAssociationVersions',
  ...onAssociation,

  async run({ MaxResults: limit = MAX_PAGE, NextToken: token }, ctx, association) {
    const listing = {
      ...{ of: ['ListAssociationVersions', association.id], token, limit },
      fetch: ({ after, limit: most }: { readonly after: string | undefined; readonly limit: number }) =>
        ctx.store.associations.versions(association, {
          before: after === undefined ? undefined : Number(after),
          limit: most,
        }),
      cursor: ({ version }: AssociationVersion) => String(version),
    }
    const { items, next } = await readPage(ctx, listing, invalidNextToken)
    return {
      AssociationVersions: items.map((version) => associationVersionView(ctx, association, version)),
      ...(next !== undefined && { NextToken: next }),
    }
  },
})
