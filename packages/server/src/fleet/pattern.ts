import { createContext, Script } from 'node:vm'

/** A value, or the values of a list, and what each of them must match as a whole. */
export interface Patterned {
  readonly pattern: string
  readonly values: readonly string[]
}

/** All patterns of a document take a fraction of this, unless somebody made them to take for ever. */
const MATCH_LIMIT_MS = 50
/** So often a match begins again that was stopped without having had the processor. */
const MAX_ATTEMPTS = 20

interface Scene {
  patterned: readonly Patterned[]
  at: number
}

const scene: Scene = { patterned: [], at: -1 }
const context = createContext({ scene }, { codeGeneration: { strings: false, wasm: false } })
const MATCH = new Script(`
  scene.patterned.findIndex(({ pattern, values }, at) => {
    scene.at = at
    const whole = '^(?:' + pattern + ')$'
    let expression
    try { expression = new RegExp(whole, 'u') } catch { expression = new RegExp(whole) }
    return !values.every((value) => expression.test(value))
  })`)

/**
 * The first whose pattern does not admit it; -1 where every pattern does. Whoever writes documents could write a
 * pattern that takes for ever, so all together end after {@link MATCH_LIMIT_MS}, and the one that is not done by then
 * admits nothing.
 */
export function firstRefused(patterned: readonly Patterned[]): number {
  if (patterned.length === 0) return -1
  Object.assign(scene, { patterned, at: 0 })
  try {
    return attempt(MAX_ATTEMPTS)
  } finally {
    Object.assign(scene, { patterned: [], at: -1 })
  }
}

function attempt(left: number): number {
  const before = process.threadCpuUsage()
  try {
    const found: unknown = MATCH.runInContext(context, { timeout: MATCH_LIMIT_MS })
    return typeof found === 'number' ? found : scene.at
  } catch {
    const { user, system } = process.threadCpuUsage(before)
    // The limit is one of the wall's clock, which goes on where the machine is busy with others.
    const isStarved = (user + system) / 1000 < MATCH_LIMIT_MS / 2
    return isStarved && left > 1 ? attempt(left - 1) : scene.at
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
