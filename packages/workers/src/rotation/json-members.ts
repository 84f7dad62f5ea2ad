/** Changes members of a JSON object and leaves every other byte as it is: order, spaces, spelling of numbers. */
import { RotationError } from './rotation-error.ts'

interface Member {
  readonly name: string
  /** Where the value's text begins and ends. */
  readonly start: number
  readonly end: number
}

/**
 * Whether `text` is meant to be a JSON object, if perhaps a broken one. A password may begin with a brace, but
 * hardly with what begins an object that has members.
 */
export function looksLikeObject(text: string): boolean {
  return parsedObject(text) !== undefined || /^\s*\{\s*"[\s\S]*\}\s*$/.test(text)
}

/** @throws RotationError where it is no JSON object; the text is not quoted. */
export function parseObject(text: string): ReadonlyMap<string, unknown> {
  const parsed = parsedObject(text)
  if (parsed === undefined) throw new RotationError('The secret is not a JSON object.')
  return parsed
}

/**
 * The text with these members' values replaced, or added after the last where they are absent.
 * @throws RotationError where it is no JSON object, or has one of them more than once, so that readers differ.
 */
export function withMembers(text: string, members: Readonly<Record<string, string>>): string {
  let changed = text
  for (const [name, value] of Object.entries(members)) changed = withMember(changed, name, value)
  return changed
}

function withMember(text: string, name: string, value: string): string {
  parseObject(text)
  const members = membersOf(text)
  const named = members.filter((member) => member.name === name)
  const [found, second] = named
  if (second) throw new RotationError('The secret has the member that is to change more than once.')
  if (found) return text.slice(0, found.start) + JSON.stringify(value) + text.slice(found.end)
  const end = members.at(-1)?.end ?? text.indexOf('{') + 1
  const added = `${members.length === 0 ? '' : ','}${JSON.stringify(name)}:${JSON.stringify(value)}`
  return text.slice(0, end) + added + text.slice(end)
}

function parsedObject(text: string): ReadonlyMap<string, unknown> | undefined {
  let parsed: unknown
  try {
    parsed = JSON.parse(text)
  } catch {
    return undefined
  }
  if (typeof parsed !== 'object' || parsed === null || Array.isArray(parsed)) return undefined
  return new Map(Object.entries(parsed))
}

/** The members of an object that JSON.parse has accepted, so that only strings and depth need care. */
function membersOf(text: string): readonly Member[] {
  const members: Member[] = []
  let at = skipSpace(text, text.indexOf('{') + 1)
  while (text[at] === '"') {
    const nameEnd = endOfString(text, at)
    const name: unknown = JSON.parse(text.slice(at, nameEnd))
    const start = skipSpace(text, skipSpace(text, nameEnd) + 1)
    const end = endOfValue(text, start)
    members.push({ name: String(name), start, end })
    at = skipSpace(text, end)
    if (text[at] === ',') at = skipSpace(text, at + 1)
  }
  return members
}

function skipSpace(text: string, from: number): number {
  let at = from
  while (at < text.length && ' \t\r\n'.includes(text.charAt(at))) at++
  return at
}

/** The place after the string that begins at `from`. */
function endOfString(text: string, from: number): number {
  let at = from + 1
  while (text[at] !== '"') at += text[at] === '\\' ? 2 : 1
  return at + 1
}

/** The place after the value that begins at `from`, trailing space not included. */
function endOfValue(text: string, from: number): number {
  if (text[from] === '"') return endOfString(text, from)
  if (text[from] !== '{' && text[from] !== '[') {
    let at = from
    while (!' \t\r\n,}'.includes(text.charAt(at))) at++
    return at
  }
  let depth = 0
  let at = from
  do {
    const character = text.charAt(at)
    if (character === '"') {
      at = endOfString(text, at)
      continue
    }
    if (character === '{' || character === '[') depth++
    if (character === '}' || character === ']') depth--
    at++
  } while (depth > 0)
  return at
}
