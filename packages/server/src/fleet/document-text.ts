import { parseDocument } from 'yaml'
import { contentFault, DocumentFault } from './document-fault.ts'

export type DocumentFormat = 'JSON' | 'YAML'

/** @see https://docs.aws.amazon.com/general/latest/gr/ssm.html */
export const MAX_DOCUMENT_BYTES = 64 * 1024

/**
 * What a document's text says, as plain values. Aliases of YAML are refused: a few bytes of them stand for gigabytes.
 * @throws DocumentFault for text that is too large, or is not of the format.
 */
export function readText(text: string, format: DocumentFormat): unknown {
  if (Buffer.byteLength(text) > MAX_DOCUMENT_BYTES) {
    throw new DocumentFault(
      'size',
      `The size of the document exceeds the maximum of ${MAX_DOCUMENT_BYTES} bytes.`,
    )
  }
  try {
    return format === 'JSON' ? JSON.parse(text) : readYaml(text)
  } catch (error) {
    if (error instanceof DocumentFault) throw error
    // The parser's own sentence would quote the content.
    throw contentFault(`The content is not valid ${format}.`)
  }
}

function readYaml(text: string): unknown {
  const document = parseDocument(text, {
    schema: 'core',
    uniqueKeys: true,
    prettyErrors: false,
    logLevel: 'silent',
  })
  if (document.errors.length > 0) throw contentFault('The content is not valid YAML.')
  return document.toJS({ maxAliasCount: 0 })
}

/** A mapping, as JSON and YAML have it. */
export type Mapping = Readonly<Record<string, unknown>>

export function isMapping(value: unknown): value is Mapping {
  return typeof value === 'object' && value !== null && !Array.isArray(value) && !(value instanceof Map)
}

/** @throws DocumentFault for anything else, and for keys that nobody knows: they would be silently without effect. */
export function demandMapping(value: unknown, where: string, known?: readonly string[]): Mapping {
  if (!isMapping(value)) throw contentFault(`${where} must be a mapping.`)
  const unknown = known && Object.keys(value).find((key) => !known.includes(key))
  if (unknown !== undefined)
    throw contentFault(`${where} has an element that is not supported: ${shown(unknown)}`)
  return value
}

/** The member itself, never one that every object has. */
export function memberOf(mapping: Mapping, key: string): unknown {
  return Object.hasOwn(mapping, key) ? mapping[key] : undefined
}

/** A name from a document as a sentence may carry it. */
export function shown(name: unknown): string {
  return String(name).slice(0, 128)
}
