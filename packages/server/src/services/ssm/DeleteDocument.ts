import type { DeleteDocumentRequest, DeleteDocumentResult } from '@aws-sdk/client-ssm'
import type { FoundDocument } from '../../fleet/find-document.ts'
import { writeOperation } from '../../gateway/operation.ts'
import { associatedInstances, defaultVersionStays } from './document-errors.ts'
import { demandOwn, demandVersion, onDocument } from './documents.ts'

/**
 * Deletes a document, or one of its versions, unless an association uses it.
 * @see https://docs.aws.amazon.com/systems-manager/latest/APIReference/API_DeleteDocument.html
 */
export const DeleteDocument = writeOperation<DeleteDocumentRequest, DeleteDocumentResult, FoundDocument>({
  action: 'ssm:DeleteDocument',
  ...onDocument,

  async run({ DocumentVersion, VersionName }, ctx, found) {
    const { documents, associations } = ctx.store
    const held = demandOwn(found)
    if (DocumentVersion === undefined && VersionName === undefined) {
      if (await associations.usesDocument(held, held.name)) throw associatedInstances()
      await documents.remove(held)
      return {}
    }
    const { number } = await demandVersion(ctx, found, { version: DocumentVersion, versionName: VersionName })
    if (number === held.defaultVersion) throw defaultVersionStays()
    const asked = number === held.latestVersion ? undefined : number
    if (await associations.usesDocument(held, held.name, asked)) throw associatedInstances()
    await documents.removeVersion(held, number)
    const [latest] = await documents.versions(held, held.name, { before: undefined, limit: 1 })
    await documents.update({ ...held, latestVersion: latest?.number ?? held.defaultVersion })
    return {}
  },
})
