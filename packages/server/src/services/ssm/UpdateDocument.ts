import type { UpdateDocumentRequest, UpdateDocumentResult } from '@aws-sdk/client-ssm'
import { type FoundDocument, foundOf } from '../../fleet/find-document.ts'
import { writeOperation } from '../../gateway/operation.ts'
import {
  documentVersionLimitExceeded,
  duplicateContent,
  duplicateVersionName,
  invalidSchemaVersion,
  noSuchDocumentVersion,
} from './document-errors.ts'
import { descriptionView } from './document-views.ts'
import { demandOwn, demandVersion, newVersion, onDocument } from './documents.ts'

/** @see https://docs.aws.amazon.com/general/latest/gr/ssm.html */
const MAX_VERSIONS = 1000

/**
 * Adds a version to a document; which one is the default stays as it is.
 * @see https://docs.aws.amazon.com/systems-manager/latest/APIReference/API_UpdateDocument.html
 */
export const UpdateDocument = writeOperation<UpdateDocumentRequest, UpdateDocumentResult, FoundDocument>({
  action: 'ssm:UpdateDocument',
  ...onDocument,

  async run(input, ctx, found) {
    const { DocumentVersion: from = '$LATEST', VersionName } = input
    const { documents } = ctx.store
    const held = demandOwn(found)
    if (from !== '$LATEST' && from !== String(held.latestVersion)) throw noSuchDocumentVersion()
    const latest = await demandVersion(ctx, found, { version: '$LATEST' })
    const version = newVersion(input, held.latestVersion + 1, ctx.clock.now())
    if (latest.schemaVersion === '1.2' || version.schemaVersion === '1.2')
      throw invalidSchemaVersion('Documents of schema version 1.2 cannot be updated.')
    if (VersionName !== undefined && (await documents.versionNamed(held, held.name, VersionName)))
      throw duplicateVersionName()
    if (await documents.hasContent(held, held.name, version.content)) throw duplicateContent()
    if (version.number > MAX_VERSIONS) throw documentVersionLimitExceeded(MAX_VERSIONS)
    const document = { ...held, latestVersion: version.number }
    await documents.addVersion(document, version)
    return { DocumentDescription: descriptionView(foundOf(document), version) }
  },
})
