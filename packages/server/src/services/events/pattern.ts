import { compileEventPattern, type EventPattern } from '../../patterns/event-pattern.ts'
import { InvalidPattern } from '../../patterns/invalid-pattern.ts'
import { invalidPattern } from './errors.ts'

/** @throws InvalidEventPatternException */
export function checkedPattern(text: string): EventPattern {
  try {
    return compileEventPattern(text)
  } catch (error) {
    if (error instanceof InvalidPattern) throw invalidPattern(error.message)
    throw error
  }
}

/**
 * The values that a pattern asks of a field at its top, for `events:source` and `events:detail-type`. Nothing where it
 * asks otherwise than by value, or is no pattern.
 */
export function valuesAsked(
  text: string | undefined,
  field: 'source' | 'detail-type',
): readonly string[] | undefined {
  const asked = field in parsed(text) ? parsed(text)[field] : undefined
  if (!Array.isArray(asked)) return undefined
  const values = asked.filter((value): value is string => typeof value === 'string')
  return values.length === asked.length ? values : undefined
}

function parsed(text = ''): Readonly<Record<string, unknown>> {
  try {
    const pattern: unknown = JSON.parse(text)
    return typeof pattern === 'object' && pattern !== null ? { ...pattern } : {}
  } catch {
    return {}
  }
}
