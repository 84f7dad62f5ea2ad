import { isJson } from '../platform/is-json.ts'

/** A template for what a target is told: JSON with `<name>` for values, or lines that are texts in quotation marks. */
export interface Template {
  /** The names between `<` and `>`, each once. */
  readonly names: ReadonlySet<string>
  /** Puts a value in the place of each name. What has none becomes an empty text. */
  fill(values: ReadonlyMap<string, unknown>): string
}

const PLACEHOLDER = /^<([A-Za-z0-9_.-]{1,256})>/

type Part =
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'value'; readonly name: string; readonly isQuoted: boolean }

/**
 * Takes a template apart; nothing for one that would not be JSON.
 * @see https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-transform-target-input.html
 */
export function parseTemplate(text: string): Template | undefined {
  const parts = partsOf(text)
  const render = (shown: (part: Part) => string) => parts.map(shown).join('')
  if (!isJsonOrLines(render((part) => (part.kind === 'text' ? part.text : part.isQuoted ? '' : 'null'))))
    return undefined
  return {
    names: new Set(parts.flatMap((part) => (part.kind === 'value' ? [part.name] : []))),
    fill: (values) =>
      render((part) => {
        if (part.kind === 'text') return part.text
        const value = values.get(part.name) ?? ''
        return part.isQuoted ? withinText(value) : JSON.stringify(value)
      }),
  }
}

function partsOf(template: string): readonly Part[] {
  const parts: Part[] = []
  let text = ''
  let isQuoted = false
  for (let i = 0; i < template.length; ) {
    const character = template.charAt(i)
    const name = character === '<' ? PLACEHOLDER.exec(template.slice(i, i + 258))?.[1] : undefined
    if (name !== undefined) {
      parts.push({ kind: 'text', text }, { kind: 'value', name, isQuoted })
      text = ''
      i += name.length + 2
      continue
    }
    const length = isQuoted && character === '\\' ? 2 : 1
    if (character === '"') isQuoted = !isQuoted
    text += template.slice(i, i + length)
    i += length
  }
  return [...parts, { kind: 'text', text }]
}

/** A value inside a text: without quotation marks of its own, and unable to end the text. */
function withinText(value: unknown): string {
  const text = typeof value === 'string' ? value : JSON.stringify(value).replaceAll('"', '')
  return JSON.stringify(text).slice(1, -1)
}

function isJsonOrLines(text: string): boolean {
  return isJson(text) || text.split('\n').every((line) => line.trim() === '' || isJson(line))
}
