import { createHash } from 'node:crypto'
import type { DocumentDescription, DocumentIdentifier, DocumentVersionInfo } from '@aws-sdk/client-ssm'
import type { DocumentParameter } from '../../fleet/document-parameters.ts'
import { parseDocument } from '../../fleet/documents.ts'
import type { FoundDocument } from '../../fleet/find-document.ts'
import type { StoredDocumentVersion } from '../../store/documents.ts'
import { tagList } from './tags.ts'

/** What every view of a version shows. */
function versionMembers({ number, versionName, displayName, format }: StoredDocumentVersion) {
  return {
    DocumentVersion: String(number),
    DocumentFormat: format,
    ...(versionName !== undefined && { VersionName: versionName }),
    ...(displayName !== undefined && { DisplayName: displayName }),
  }
}

export function descriptionView(found: FoundDocument, version: StoredDocumentVersion): DocumentDescription {
  const document = parseDocument(version.content, version.format)
  return {
    Name: found.name,
    Owner: found.owner,
    ...versionMembers(version),
    Hash: createHash('sha256').update(version.content).digest('hex'),
    HashType: 'Sha256',
    CreatedDate: version.createdAt,
    Status: 'Active',
    Description: document.description,
    Parameters: [...document.parameters.values()].map(parameterView),
    PlatformTypes: [...version.platformTypes],
    DocumentType: 'Command',
    SchemaVersion: version.schemaVersion,
    LatestVersion: String(found.latestVersion),
    DefaultVersion: String(found.defaultVersion),
    ...(version.targetType !== undefined && { TargetType: version.targetType }),
    Tags: tagList(found.stored?.tags ?? {}),
  }
}

function parameterView({ name, type, description, default: value }: DocumentParameter) {
  return {
    Name: name,
    // SSM's model knows no others.
    Type: type === 'StringList' ? ('StringList' as const) : ('String' as const),
    Description: description,
    ...(value !== undefined && { DefaultValue: typeof value === 'string' ? value : JSON.stringify(value) }),
  }
}

export function identifierView(found: FoundDocument, version: StoredDocumentVersion): DocumentIdentifier {
  return {
    Name: found.name,
    Owner: found.owner,
    ...versionMembers(version),
    CreatedDate: version.createdAt,
    PlatformTypes: [...version.platformTypes],
    DocumentType: 'Command',
    SchemaVersion: version.schemaVersion,
    ...(version.targetType !== undefined && { TargetType: version.targetType }),
    Tags: tagList(found.stored?.tags ?? {}),
  }
}

export function versionView(found: FoundDocument, version: StoredDocumentVersion): DocumentVersionInfo {
  return {
    Name: found.name,
    ...versionMembers(version),
    CreatedDate: version.createdAt,
    IsDefaultVersion: version.number === found.defaultVersion,
    Status: 'Active',
  }
}
