import type { Place } from './store.ts'

/** An SSM document of an account's own. What is built in is in no store. */
export interface StoredDocument extends Place {
  readonly name: string
  readonly defaultVersion: number
  readonly latestVersion: number
  readonly tags: Readonly<Record<string, string>>
  readonly createdAt: Date
}

/** What a document says as of one version; it never changes. */
export interface StoredDocumentVersion {
  /** From 1. */
  readonly number: number
  /** As the author calls it. */
  readonly versionName?: string | undefined
  readonly displayName?: string | undefined
  readonly targetType?: string | undefined
  readonly format: 'JSON' | 'YAML'
  readonly content: string
  readonly schemaVersion: string
  readonly platformTypes: readonly ('Linux' | 'MacOS' | 'Windows')[]
  readonly createdAt: Date
}

/** A document with the one version that lists show. */
export interface ListedDocument {
  readonly document: StoredDocument
  readonly version: StoredDocumentVersion
}

export interface DocumentReader {
  /** In a transaction, holds its row. */
  find(place: Place, name: string): Promise<StoredDocument | undefined>
  version(place: Place, name: string, number: number): Promise<StoredDocumentVersion | undefined>
  versionNamed(place: Place, name: string, versionName: string): Promise<StoredDocumentVersion | undefined>
  /** Whether one of its versions says just this. */
  hasContent(place: Place, name: string, content: string): Promise<boolean>
  /** By name, from behind `after`, each with its default version. */
  list(
    place: Place,
    page: { readonly after: string | undefined; readonly limit: number },
  ): Promise<readonly ListedDocument[]>
  /** From the newest down, from below `before`. */
  versions(
    place: Place,
    name: string,
    page: { readonly before: number | undefined; readonly limit: number },
  ): Promise<readonly StoredDocumentVersion[]>
  count(place: Place): Promise<number>
}

/** Every change says that `associations` changed: what associations do depends on documents. */
export interface DocumentWriter extends DocumentReader {
  /** Adds a document whose name must be free, with its first version. */
  insert(document: StoredDocument, version: StoredDocumentVersion): Promise<void>
  addVersion(document: StoredDocument, version: StoredDocumentVersion): Promise<void>
  /** Writes which versions are the default and the latest, and the tags. */
  update(document: StoredDocument): Promise<void>
  removeVersion(document: StoredDocument, number: number): Promise<void>
  /** Removes it with all versions. */
  remove(document: StoredDocument): Promise<void>
}
