import type { DeleteAssociationRequest, DeleteAssociationResult } from '@aws-sdk/client-ssm'
import { writeOperation } from '../../gateway/operation.ts'
import type { Association } from '../../store/associations.ts'
import { onAssociation } from './associations.ts'

/**
 * Ends an association: nodes stop carrying it out, and keep what it did.
 * @see https://docs.aws.amazon.com/systems-manager/latest/APIReference/API_DeleteAssociation.html
 */
export const DeleteAssociation = writeOperation<
  DeleteAssociationRequest,
  DeleteAssociationResult,
  Association
>({
  action: 'ssm:DeleteAssociation',
  ...onAssociation,

  async run(_input, { store }, association) {
    await store.associations.remove(association)
    return {}
  },
})
