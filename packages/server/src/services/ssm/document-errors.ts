import { AwsError } from '@lockstep/wire'
import { DocumentFault } from '../../fleet/document-fault.ts'

export function noSuchDocument(name: string): AwsError {
  return new AwsError('InvalidDocument', `Document with name ${name} does not exist.`)
}

export function documentAlreadyExists(name: string): AwsError {
  return new AwsError('DocumentAlreadyExists', `Document with same name ${name} already exists`)
}

export function noSuchDocumentVersion(): AwsError {
  return new AwsError('InvalidDocumentVersion', 'The document version is not valid or does not exist.')
}

export function duplicateVersionName(): AwsError {
  return new AwsError('DuplicateDocumentVersionName', 'The specified version name is a duplicate.')
}

export function duplicateContent(): AwsError {
  return new AwsError(
    'DuplicateDocumentContent',
    'The content of the association document matches another document. Change the content of the document and try again.',
  )
}

export function defaultVersionStays(): AwsError {
  return new AwsError('InvalidDocumentOperation', "Default version of the document can't be deleted.")
}

export function associatedInstances(): AwsError {
  return new AwsError(
    'AssociatedInstances',
    'You must disassociate a document from all managed nodes before you can delete it.',
  )
}

// Of these AWS publishes the code and not the sentence; the sentence is ours.

export function reservedDocumentName(name: string): AwsError {
  return new AwsError('ValidationException', `The document name ${name} begins with a reserved prefix.`)
}

export function ownedByAmazon(name: string): AwsError {
  return new AwsError(
    'InvalidDocumentOperation',
    `The document ${name} is owned by Amazon and can't be changed.`,
  )
}

export function invalidDocumentContent(why: string): AwsError {
  return new AwsError('InvalidDocumentContent', why)
}

export function invalidSchemaVersion(why: string): AwsError {
  return new AwsError('InvalidDocumentSchemaVersion', why)
}

export function documentLimitExceeded(limit: number): AwsError {
  return new AwsError('DocumentLimitExceeded', `You can have at most ${limit} active SSM documents.`)
}

export function documentVersionLimitExceeded(limit: number): AwsError {
  return new AwsError(
    'DocumentVersionLimitExceeded',
    `The document has too many versions. Delete one or more document versions and try again. The limit is ${limit}.`,
  )
}

export function noSharing(): AwsError {
  return new AwsError('DocumentPermissionLimit', 'Documents cannot be shared with other accounts.')
}

/** AWS's error for a fault in a document's content; any other error as it is. */
export function documentError(error: unknown): unknown {
  if (!(error instanceof DocumentFault)) return error
  switch (error.about) {
    case 'content':
      return invalidDocumentContent(error.message)
    case 'schema version':
      return invalidSchemaVersion(error.message)
    case 'size':
      return new AwsError('MaxDocumentSizeExceeded', error.message)
  }
}
