import type {
  DescribeDocumentPermissionRequest,
  DescribeDocumentPermissionResponse,
} from '@aws-sdk/client-ssm'
import type { FoundDocument } from '../../fleet/find-document.ts'
import { readOperation } from '../../gateway/operation.ts'
import { demandOwn, onDocument } from './documents.ts'

/**
 * With whom a document is shared: with nobody.
 * @see https://docs.aws.amazon.com/systems-manager/latest/APIReference/API_DescribeDocumentPermission.html
 */
export const DescribeDocumentPermission = readOperation<
  DescribeDocumentPermissionRequest,
  DescribeDocumentPermissionResponse,
  FoundDocument
>({
  action: 'ssm:DescribeDocumentPermission',
  ...onDocument,

  async run(_input, _ctx, found) {
    demandOwn(found)
    return { AccountIds: [], AccountSharingInfoList: [] }
  },
})
