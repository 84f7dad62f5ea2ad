import type { DescribeDocumentRequest, DescribeDocumentResult } from '@aws-sdk/client-ssm'
import type { FoundDocument } from '../../fleet/find-document.ts'
import { readOperation } from '../../gateway/operation.ts'
import { descriptionView } from './document-views.ts'
import { demandVersion, onDocument } from './documents.ts'

/** @see https://docs.aws.amazon.com/systems-manager/latest/APIReference/API_DescribeDocument.html */
export const DescribeDocument = readOperation<DescribeDocumentRequest, DescribeDocumentResult, FoundDocument>(
  {
    action: 'ssm:DescribeDocument',
    ...onDocument,

    async run({ DocumentVersion, VersionName }, ctx, found) {
      const version = await demandVersion(ctx, found, { version: DocumentVersion, versionName: VersionName })
      return { Document: descriptionView(found, version) }
    },
  },
)
