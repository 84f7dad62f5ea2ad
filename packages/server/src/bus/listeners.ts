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
export function listenersOf(rules: readonly LiveRule[]): Listeners {
  return new Listeners(rules.map((rule) => ({ ...rule, compiled: compiledOf(rule.pattern) })))
}

const SOURCE = ['source']
const EVENT_NAME = ['detail', 'eventName']

/**
 * The rules of one place, found by what most of them name: the call, or else the source. However many rules there are,
 * an event meets those few that may concern it.
 */
export class Listeners {
  readonly all: readonly Listener[]
  readonly #byName = new Map<unknown, Listener[]>()
  readonly #bySource = new Map<unknown, Listener[]>()
  readonly #others: Listener[] = []

  constructor(all: readonly Listener[]) {
    this.all = all
    for (const listener of all) {
      const names = listener.compiled.valuesAt(EVENT_NAME)
      const sources = listener.compiled.valuesAt(SOURCE)
      if (names) for (const name of names) listIn(this.#byName, name).push(listener)
      else if (sources) for (const source of sources) listIn(this.#bySource, source).push(listener)
      else this.#others.push(listener)
    }
  }

  /** Those that an event of this source and name may concern. */
  among(source: string, name: string): readonly Listener[] {
    if (this.all.length === 0) return this.all
    return [...(this.#byName.get(name) ?? []), ...(this.#bySource.get(source) ?? []), ...this.#others]
  }
}

function listIn(index: Map<unknown, Listener[]>, key: unknown): Listener[] {
  const known = index.get(key)
  if (known) return known
  const list: Listener[] = []
  index.set(key, list)
  return list
}

function compiledOf(text: string): EventPattern {
  const known = compiled.get(text)
  if (known) return known
  const pattern = compileEventPattern(text)
  compiled.set(text, pattern)
  return pattern
}
