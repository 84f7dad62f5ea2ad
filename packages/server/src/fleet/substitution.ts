import type { ParameterValue } from './document-parameters.ts'

/** `{{ name }}`, wherever it stands. */
const REFERENCE = /\{\{\s*([A-Za-z0-9_.-]{1,128})\s*\}\}/g
const WHOLE_REFERENCE = /^\s*\{\{\s*([A-Za-z0-9_.-]{1,128})\s*\}\}\s*$/

type Values = ReadonlyMap<string, ParameterValue>

/**
 * The text with values in the place of references to them. One pass over the text as the document has it: what a value
 * brings in is never looked at again. References to nothing that `values` holds stay as they are.
 */
export function substituted(text: string, values: Values): string {
  return text.replace(REFERENCE, (reference, name: string) => {
    const value = values.get(name)
    if (value === undefined) return reference
    return typeof value === 'string' ? value : JSON.stringify(value)
  })
}

/** The same of a list, where an item that is nothing but a reference to a list becomes the items of that list. */
export function substitutedLines(lines: readonly string[], values: Values): readonly string[] {
  return lines.flatMap((line) => {
    const name = WHOLE_REFERENCE.exec(line)?.[1]
    const value = name === undefined ? undefined : values.get(name)
    return typeof value === 'object' ? value : [substituted(line, values)]
  })
}
