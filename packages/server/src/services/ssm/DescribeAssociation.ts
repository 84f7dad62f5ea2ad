import type { DescribeAssociationRequest, DescribeAssociationResult } from '@aws-sdk/client-ssm'
import { readOperation } from '../../gateway/operation.ts'
import type { Association } from '../../store/associations.ts'
import { noSuchAssociationVersion } from './association-errors.ts'
import { associationDescription } from './association-views.ts'
import { onAssociation } from './associations.ts'

/** @see https://docs.aws.amazon.com/systems-manager/latest/APIReference/API_DescribeAssociation.html */
export const DescribeAssociation = readOperation<
  DescribeAssociationRequest,
  DescribeAssociationResult,
  Association
>({
  action: 'ssm:DescribeAssociation',
  ...onAssociation,

  async run({ AssociationVersion: asked = '$LATEST' }, ctx, association) {
    const description = await associationDescription(ctx, association)
    if (asked === '$LATEST' || asked === String(association.version))
      return { AssociationDescription: description }
    const version = await ctx.store.associations.version(association, Number(asked))
    if (!version) throw noSuchAssociationVersion()
    const older = { ...association, ...version, sealedParameters: version.sealedParameters }
    const { Overview, ...shown } = await associationDescription(ctx, {
      ...older,
      updatedAt: version.createdAt,
    })
    return { AssociationDescription: { ...shown, ...(Overview && { Overview: description.Overview }) } }
  },
})
