import { createContext, Script } from 'node:vm'

/**
 * No honest pattern takes this long with values of the size that parameters have, not even where the machine is so busy
 * that this process rests for most of it: by the clock, fifty milliseconds proved too little for that.
 */
const MATCH_LIMIT_MS = 1000

const context = createContext(Object.create(null), { codeGeneration: { strings: false, wasm: false } })
const MATCH = new Script(
  `{ let expression
     try { expression = new RegExp('^(?:' + pattern + ')$', 'u') } catch { expression = new RegExp('^(?:' + pattern + ')$') }
     expression.test(value) }`,
)

/**
 * Whether a pattern from a document admits the whole of a value. Whoever writes documents could write a pattern that
 * takes for ever, so the match ends after {@link MATCH_LIMIT_MS}; one that has not ended by then admits nothing.
 */
export function admits(pattern: string, value: string): boolean {
  try {
    Object.assign(context, { pattern, value })
    return MATCH.runInContext(context, { timeout: MATCH_LIMIT_MS }) === true
  } catch {
    return false
  } finally {
    Object.assign(context, { pattern: undefined, value: undefined })
  }
}

/** Whether the text is a regular expression at all. */
export function isPattern(text: string): boolean {
  for (const flags of ['u', '']) {
    try {
      new RegExp(`^(?:${text})$`, flags)
      return true
    } catch {
      // Perhaps with the other flag.
    }
  }
  return false
}
