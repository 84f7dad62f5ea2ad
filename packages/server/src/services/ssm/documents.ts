import type { DocumentFormat } from '../../fleet/document-text.ts'
import { parseDocument, platformTypes } from '../../fleet/documents.ts'
import {
  type AskedVersion,
  documentTarget,
  type FoundDocument,
  findDocument,
  findVersion,
} from '../../fleet/find-document.ts'
import type { Context, Target } from '../../gateway/context.ts'
import type { StoredDocument, StoredDocumentVersion } from '../../store/documents.ts'
import {
  documentError,
  invalidDocumentContent,
  noSuchDocument,
  noSuchDocumentVersion,
  ownedByAmazon,
} from './document-errors.ts'

interface Named {
  readonly Name: string
}

/** What operations on one document have in common. */
export const onDocument = {
  /** @throws InvalidDocument */
  async resource({ Name }: Named, ctx: Context): Promise<FoundDocument> {
    const found = await findDocument(ctx.store.documents, ctx, Name)
    if (!found) throw noSuchDocument(Name)
    return found
  },
  target: ({ Name }: Named, ctx: Context, found: FoundDocument | undefined): Target =>
    documentTarget(ctx, Name, found),
}

/** The account's own document. @throws InvalidDocumentOperation for what is built in. */
export function demandOwn({ name, stored }: FoundDocument): StoredDocument {
  if (!stored) throw ownedByAmazon(name)
  return stored
}

/** @throws InvalidDocumentVersion */
export async function demandVersion(
  ctx: Context,
  found: FoundDocument,
  asked: AskedVersion,
): Promise<StoredDocumentVersion> {
  const version = await findVersion(ctx.store.documents, found, asked)
  if (!version) throw noSuchDocumentVersion()
  return version
}

interface Written {
  readonly Content: string
  readonly DocumentFormat?: DocumentFormat | 'TEXT' | undefined
  readonly VersionName?: string | undefined
  readonly DisplayName?: string | undefined
  readonly TargetType?: string | undefined
  readonly Attachments?: readonly unknown[] | undefined
  readonly Requires?: readonly unknown[] | undefined
}

/** What a caller wrote, as a version to be kept. @throws InvalidDocumentContent, …SchemaVersion, MaxDocumentSizeExceeded */
export function newVersion(input: Written, number: number, createdAt: Date): StoredDocumentVersion {
  const { Content, DocumentFormat: format = 'JSON', VersionName, DisplayName, TargetType } = input
  if (format === 'TEXT') throw invalidDocumentContent('The format TEXT is not for documents of type Command.')
  if ((input.Attachments?.length ?? 0) > 0 || (input.Requires?.length ?? 0) > 0) {
    // DIVERGENCE: documents with attachments, or that require others, are refused: no plug-in here uses either.
    throw invalidDocumentContent('Attachments and Requires are not supported.')
  }
  try {
    const document = parseDocument(Content, format)
    return {
      ...{ number, format, content: Content, createdAt },
      ...(VersionName !== undefined && { versionName: VersionName }),
      ...(DisplayName !== undefined && { displayName: DisplayName }),
      ...(TargetType !== undefined && { targetType: TargetType }),
      schemaVersion: document.schemaVersion,
      platformTypes: platformTypes(document),
    }
  } catch (error) {
    throw documentError(error)
  }
}
