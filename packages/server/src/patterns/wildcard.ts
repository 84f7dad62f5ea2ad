import { InvalidPattern } from './invalid-pattern.ts'

/**
 * A text with `*` for any run of characters, compiled; `\*` and `\\` stand for themselves. Matching takes time that
 * grows with the length of the text alone: each part between two asterisks is searched for once, from where the part
 * before ended, and the earliest place is always good enough.
 *
 * @throws InvalidPattern
 */
export function compileWildcard(pattern: string): (text: string) => boolean {
  const [first = '', ...others] = parts(pattern)
  const last = others.pop()
  if (last === undefined) return (text) => text === first
  const between = others.map(finder)
  return (text) => {
    if (text.length < first.length + last.length) return false
    if (!text.startsWith(first) || !text.endsWith(last)) return false
    let at = first.length
    for (const find of between) {
      at = find(text, at)
      if (at < 0) return false
    }
    return at <= text.length - last.length
  }
}

/** The literal parts between the asterisks; one part where there is no asterisk. */
function parts(pattern: string): readonly string[] {
  const found: string[] = []
  let part = ''
  for (let i = 0; i < pattern.length; i++) {
    const character = pattern.charAt(i)
    if (character === '*') {
      if (pattern.charAt(i + 1) === '*')
        throw new InvalidPattern(`Consecutive wildcard characters at pos ${position(pattern, i)}`)
      found.push(part)
      part = ''
    } else if (character === '\\') {
      const escaped = pattern.charAt(i + 1)
      if (escaped !== '*' && escaped !== '\\')
        throw new InvalidPattern(`Invalid escape character at pos ${position(pattern, i)}`)
      part += escaped
      i++
    } else {
      part += character
    }
  }
  return [...found, part]
}

/** AWS counts the bytes of the text with the quotation mark before it. */
function position(pattern: string, index: number): number {
  return 1 + new TextEncoder().encode(pattern.slice(0, index)).length
}

/**
 * Answers behind the first place of `part` in a text from an index on, or -1. `indexOf` would do, but takes time that
 * grows with both lengths.
 * @see https://en.wikipedia.org/wiki/Knuth%E2%80%93Morris%E2%80%93Pratt_algorithm
 */
function finder(part: string): (text: string, from: number) => number {
  const borders = bordersOf(part)
  return (text, from) => {
    let matched = 0
    for (let i = from; i < text.length; i++) {
      while (matched > 0 && text.charCodeAt(i) !== part.charCodeAt(matched))
        matched = borders[matched - 1] ?? 0
      if (text.charCodeAt(i) === part.charCodeAt(matched)) matched++
      if (matched === part.length) return i + 1
    }
    return -1
  }
}

/** For each prefix of `part`, the length of its longest proper prefix that is also its suffix. */
function bordersOf(part: string): readonly number[] {
  const borders = [0]
  let border = 0
  for (let i = 1; i < part.length; i++) {
    while (border > 0 && part.charCodeAt(i) !== part.charCodeAt(border)) border = borders[border - 1] ?? 0
    if (part.charCodeAt(i) === part.charCodeAt(border)) border++
    borders.push(border)
  }
  return borders
}
