import type {
  DescribeEffectiveInstanceAssociationsRequest,
  DescribeEffectiveInstanceAssociationsResult,
  InstanceAssociation,
} from '@aws-sdk/client-ssm'
import { findDocument, findVersion } from '../../fleet/find-document.ts'
import type { Context } from '../../gateway/context.ts'
import { readOperation } from '../../gateway/operation.ts'
import { readPage } from '../../gateway/paging.ts'
import type { Association } from '../../store/associations.ts'
import type { FleetNode } from '../../store/nodes.ts'
import { invalidNextToken } from './errors.ts'
import { associationsOfNode, onNodeAssociations } from './node-associations.ts'

const MAX_PAGE = 5

/**
 * The associations that are meant for a node, with what their documents say.
 * @see https://docs.aws.amazon.com/systems-manager/latest/APIReference/API_DescribeEffectiveInstanceAssociations.html
 */
export const DescribeEffectiveInstanceAssociations = readOperation<
  DescribeEffectiveInstanceAssociationsRequest,
  DescribeEffectiveInstanceAssociationsResult,
  FleetNode
>({
  action: 'ssm:DescribeEffectiveInstanceAssociations',
  ...onNodeAssociations,

  async run({ MaxResults: limit = MAX_PAGE, NextToken: token }, ctx, node) {
    const listing = {
      ...{ of: ['DescribeEffectiveInstanceAssociations', node.id], token, limit },
      fetch: (page: { readonly after: string | undefined; readonly limit: number }) =>
        associationsOfNode(ctx, node, page),
      cursor: ({ id }: Association) => id,
    }
    const { items, next } = await readPage(ctx, listing, invalidNextToken)
    const Associations: InstanceAssociation[] = []
    for (const association of items) Associations.push(await viewOf(ctx, association, node))
    return { Associations, ...(next !== undefined && { NextToken: next }) }
  },
})

async function viewOf(ctx: Context, association: Association, node: FleetNode): Promise<InstanceAssociation> {
  const { documents } = ctx.store
  const found = await findDocument(documents, association, association.document)
  const version =
    found && (await findVersion(documents, found, { version: association.settings.documentVersion }))
  return {
    AssociationId: association.id,
    InstanceId: node.id,
    ...(version && { Content: version.content }),
    AssociationVersion: String(association.version),
  }
}
