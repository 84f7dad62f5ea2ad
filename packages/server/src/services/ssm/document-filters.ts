import type { DocumentFilter, DocumentKeyValuesFilter } from '@aws-sdk/client-ssm'
import type { FoundDocument } from '../../fleet/find-document.ts'
import type { StoredDocumentVersion } from '../../store/documents.ts'
import { invalidFilterKey } from './errors.ts'

/** A document as lists show it. */
export interface Listed {
  readonly id: string
  readonly found: FoundDocument
  readonly version: StoredDocumentVersion
}

type Test = (listed: Listed) => boolean

const TAG = 'tag:'

/** Whether a document passes every filter, each by one of its values. @throws InvalidFilterKey */
export function documentFilter(
  older: readonly DocumentFilter[] = [],
  newer: readonly DocumentKeyValuesFilter[] = [],
): Test {
  const tests = [
    ...older.map(({ key = '', value = '' }) => testOf(key, [value])),
    ...newer.map(({ Key = '', Values = [] }) => testOf(Key, Values)),
  ]
  return (listed) => tests.every((passes) => passes(listed))
}

/** @see https://docs.aws.amazon.com/systems-manager/latest/APIReference/API_DocumentKeyValuesFilter.html */
function testOf(key: string, values: readonly string[]): Test {
  switch (key) {
    case 'Name':
      return ({ found }) => values.some((prefix) => found.name.startsWith(prefix))
    case 'Owner':
      return ({ found }) => values.some((owner) => isOwnedBy(found, owner))
    case 'DocumentType':
      return () => values.includes('Command')
    case 'PlatformTypes':
      return ({ version }) => version.platformTypes.some((platform) => values.includes(platform))
    case 'TargetType':
      return ({ version }) => values.includes(version.targetType ?? '')
    default:
      return tagTest(key, values)
  }
}

function tagTest(key: string, values: readonly string[]): Test {
  if (!key.startsWith(TAG)) throw invalidFilterKey()
  const name = key.slice(TAG.length)
  return ({ found }) => {
    const tags = found.stored?.tags ?? {}
    return Object.hasOwn(tags, name) && (values.length === 0 || values.includes(tags[name] ?? ''))
  }
}

/** Nobody shares documents: what is public is what is built in. */
function isOwnedBy({ stored }: FoundDocument, owner: string): boolean {
  switch (owner.toLowerCase()) {
    case 'self':
      return stored !== undefined
    case 'amazon':
    case 'public':
      return stored === undefined
    case 'all':
      return true
    default:
      return false
  }
}
