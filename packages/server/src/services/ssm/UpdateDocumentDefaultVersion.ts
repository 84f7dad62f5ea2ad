import type {
  UpdateDocumentDefaultVersionRequest,
  UpdateDocumentDefaultVersionResult,
} from '@aws-sdk/client-ssm'
import type { FoundDocument } from '../../fleet/find-document.ts'
import { writeOperation } from '../../gateway/operation.ts'
import { demandOwn, demandVersion, onDocument } from './documents.ts'

/** @see https://docs.aws.amazon.com/systems-manager/latest/APIReference/API_UpdateDocumentDefaultVersion.html */
export const UpdateDocumentDefaultVersion = writeOperation<
  UpdateDocumentDefaultVersionRequest,
  UpdateDocumentDefaultVersionResult,
  FoundDocument
>({
  action: 'ssm:UpdateDocumentDefaultVersion',
  ...onDocument,

  async run({ DocumentVersion }, ctx, found) {
    const held = demandOwn(found)
    const { number, versionName } = await demandVersion(ctx, found, { version: DocumentVersion })
    await ctx.store.documents.update({ ...held, defaultVersion: number })
    return {
      Description: {
        Name: held.name,
        DefaultVersion: String(number),
        ...(versionName !== undefined && { DefaultVersionName: versionName }),
      },
    }
  },
})
