import { compileEventPattern, type EventPattern } from '../patterns/event-pattern.ts'
import { Recent } from '../platform/recent.ts'
import type { LiveRule } from '../store/rules.ts'

/** A rule that may match, its pattern compiled. */
export interface Listener extends LiveRule {
  readonly compiled: EventPattern
}

/** Patterns kept compiled, by their text. */
const COMPILED_KEPT = 1_000
const compiled = new Recent<EventPattern>(COMPILED_KEPT)

/** The rules with their patterns compiled; PutRule let no pattern in that cannot be. */
export function listenersOf(rules: readonly LiveRule[]): readonly Listener[] {
  return rules.map((rule) => ({ ...rule, compiled: compiledOf(rule.pattern) }))
}

function compiledOf(text: string): EventPattern {
  const known = compiled.get(text)
  if (known) return known
  const pattern = compileEventPattern(text)
  compiled.set(text, pattern)
  return pattern
}
