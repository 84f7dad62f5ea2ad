import type { GetDocumentRequest, GetDocumentResult } from '@aws-sdk/client-ssm'
import { stringify } from 'yaml'
import { readText } from '../../fleet/document-text.ts'
import type { FoundDocument } from '../../fleet/find-document.ts'
import { readOperation } from '../../gateway/operation.ts'
import type { StoredDocumentVersion } from '../../store/documents.ts'
import { invalidDocumentContent } from './document-errors.ts'
import { demandVersion, onDocument } from './documents.ts'

/** @see https://docs.aws.amazon.com/systems-manager/latest/APIReference/API_GetDocument.html */
export const GetDocument = readOperation<GetDocumentRequest, GetDocumentResult, FoundDocument>({
  action: 'ssm:GetDocument',
  ...onDocument,

  async run({ DocumentVersion, VersionName, DocumentFormat }, ctx, found) {
    const version = await demandVersion(ctx, found, { version: DocumentVersion, versionName: VersionName })
    if (DocumentFormat === 'TEXT')
      throw invalidDocumentContent('The format TEXT is not for documents of type Command.')
    const format = DocumentFormat ?? version.format
    const { versionName, displayName } = version
    return {
      Name: found.name,
      CreatedDate: version.createdAt,
      DocumentVersion: String(version.number),
      ...(versionName !== undefined && { VersionName: versionName }),
      ...(displayName !== undefined && { DisplayName: displayName }),
      Status: 'Active',
      Content: format === version.format ? version.content : converted(version),
      DocumentType: 'Command',
      DocumentFormat: format,
    }
  },
})

/** The content in the other format. */
function converted({ content, format }: StoredDocumentVersion): string {
  const values = readText(content, format)
  return format === 'JSON' ? stringify(values) : JSON.stringify(values, null, 2)
}
