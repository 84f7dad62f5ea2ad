import { formatArn, parseArn } from '@lockstep/wire'
import type { Context, Target } from '../gateway/context.ts'
import type { DocumentReader, StoredDocument, StoredDocumentVersion } from '../store/documents.ts'
import type { Place } from '../store/store.ts'
import { BUILT_IN_DOCUMENTS, type BuiltInDocument } from './built-in-documents.ts'
import { parseDocument, platformTypes } from './documents.ts'

/** A document that a caller may name: one of the account's, or one that is built in. */
export interface FoundDocument {
  readonly name: string
  /** An account, or `Amazon` for what is built in and nobody may change. */
  readonly owner: string
  /** Absent for what is built in. */
  readonly stored: StoredDocument | undefined
  readonly defaultVersion: number
  readonly latestVersion: number
}

/** Which version of a document is meant, as callers say it; nothing: the default. */
export interface AskedVersion {
  /** `$DEFAULT`, `$LATEST` or a number. */
  readonly version?: string | undefined
  readonly versionName?: string | undefined
}

const AMAZON = 'Amazon'

/** The name in `NAME` or `arn:…:ssm:REGION:ACCOUNT:document/NAME`; undefined where the ARN is of another place. */
function documentNameOf(nameOrArn: string, { account, region }: Place): string | undefined {
  if (!nameOrArn.startsWith('arn:'))
    return nameOrArn.includes(':') || nameOrArn.includes('/') ? undefined : nameOrArn
  const arn = parseArn(nameOrArn)
  const name = arn && /^document\/([^/]+)$/.exec(arn.resource)?.[1]
  if (!arn || name === undefined || arn.service !== 'ssm' || arn.region !== region) return undefined
  const owner = BUILT_IN_DOCUMENTS.has(name) ? '' : account
  return arn.account === owner ? name : undefined
}

/** Finds a document by name or ARN. In a transaction, holds its row. */
export async function findDocument(
  documents: DocumentReader,
  place: Place,
  nameOrArn: string,
): Promise<FoundDocument | undefined> {
  const name = documentNameOf(nameOrArn, place)
  if (name === undefined) return undefined
  if (BUILT_IN_DOCUMENTS.has(name))
    return { name, owner: AMAZON, stored: undefined, defaultVersion: 1, latestVersion: 1 }
  const stored = await documents.find(place, name)
  return stored && foundOf(stored)
}

export function foundOf(stored: StoredDocument): FoundDocument {
  const { name, account: owner, defaultVersion, latestVersion } = stored
  return { name, owner, stored, defaultVersion, latestVersion }
}

/** The version that is asked for; undefined where there is none. */
export async function findVersion(
  documents: DocumentReader,
  found: FoundDocument,
  { version = '$DEFAULT', versionName }: AskedVersion,
): Promise<StoredDocumentVersion | undefined> {
  const number = numberOf(found, version)
  const builtIn = BUILT_IN_DOCUMENTS.get(found.name)
  if (!found.stored)
    return builtIn && number === 1 && versionName === undefined ? builtInVersion(builtIn) : undefined
  if (versionName === undefined) return documents.version(found.stored, found.name, number)
  const named = await documents.versionNamed(found.stored, found.name, versionName)
  return named && (version === '$DEFAULT' || named.number === number) ? named : undefined
}

function numberOf({ defaultVersion, latestVersion }: FoundDocument, version: string): number {
  if (version === '$DEFAULT') return defaultVersion
  return version === '$LATEST' ? latestVersion : Number(version)
}

/** What is built in has one version, and needs no store. */
export function builtInVersion({ content, createdAt }: BuiltInDocument): StoredDocumentVersion {
  const document = parseDocument(content, 'JSON')
  return {
    ...{ number: 1, format: 'JSON', content, createdAt },
    schemaVersion: document.schemaVersion,
    platformTypes: platformTypes(document),
  }
}

/** A document as policies see it, whether or not there is one. What is built in belongs to no account. */
export function documentTarget(
  { partition, region, account }: Pick<Context, 'partition' | 'region' | 'account'>,
  nameOrArn: string,
  found?: FoundDocument,
): Target {
  const name = documentNameOf(nameOrArn, { account, region })
  const owner = name !== undefined && BUILT_IN_DOCUMENTS.has(name) ? '' : account
  const arn =
    name === undefined && nameOrArn.startsWith('arn:')
      ? nameOrArn
      : formatArn({
          partition,
          service: 'ssm',
          region,
          account: owner,
          resource: `document/${name ?? nameOrArn}`,
        })
  return { arn, account, type: 'AWS::SSM::Document', tags: found?.stored?.tags }
}
