import type { ModifyDocumentPermissionRequest, ModifyDocumentPermissionResponse } from '@aws-sdk/client-ssm'
import type { FoundDocument } from '../../fleet/find-document.ts'
import { writeOperation } from '../../gateway/operation.ts'
import { noSharing } from './document-errors.ts'
import { demandOwn, onDocument } from './documents.ts'

/**
 * Refuses to share a document; to end a sharing that there is not does no harm.
 * @see https://docs.aws.amazon.com/systems-manager/latest/APIReference/API_ModifyDocumentPermission.html
 */
export const ModifyDocumentPermission = writeOperation<
  ModifyDocumentPermissionRequest,
  ModifyDocumentPermissionResponse,
  FoundDocument
>({
  action: 'ssm:ModifyDocumentPermission',
  ...onDocument,

  async run({ AccountIdsToAdd = [] }, _ctx, found) {
    demandOwn(found)
    // DIVERGENCE: documents are not shared between accounts; DocumentPermissionLimit answers whoever tries.
    if (AccountIdsToAdd.length > 0) throw noSharing()
    return {}
  },
})
