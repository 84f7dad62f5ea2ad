import { InvalidPattern } from './invalid-pattern.ts'

/** AWS compares numbers between these, both included. */
const FURTHEST = 5_000_000_000

/** `[">", 0, "<=", 5]`, compiled. @throws InvalidPattern */
export function compileNumeric(value: unknown): (value: unknown) => boolean {
  if (!Array.isArray(value)) throw new InvalidPattern('Value of numeric must be an array.')
  const [operator, bound, secondOperator, secondBound, ...others]: readonly unknown[] = value
  if (typeof operator !== 'string') throw new InvalidPattern(`Invalid member in numeric match: ${operator}`)
  const first = comparison(operator)
  if (!first) throw new InvalidPattern(`Unrecognized numeric range operator: ${operator}`)
  const bottom = numberOf(bound, operator === '=' ? 'equals' : operator)
  if (value.length === 2) return within((asked) => first(asked, bottom))
  if (operator !== '>' && operator !== '>=')
    throw new InvalidPattern('Too many elements in numeric expression')
  if (typeof secondOperator !== 'string')
    throw new InvalidPattern(`Bad value in numeric range: ${secondOperator}`)
  const second = secondOperator === '<' || secondOperator === '<=' ? comparison(secondOperator) : undefined
  if (!second) throw new InvalidPattern(`Bad numeric range operator: ${secondOperator}`)
  const top = numberOf(secondBound, secondOperator)
  if (others.length > 0) throw new InvalidPattern('Too many terms in numeric range expression')
  if (bottom >= top) throw new InvalidPattern('Bottom must be less than top')
  return within((asked) => first(asked, bottom) && second(asked, top))
}

/** Answers 1, so that callers can count. @throws InvalidPattern for a number that is out of AWS's bounds. */
export function comparable(value: number): 1 {
  if (Math.abs(value) > FURTHEST)
    throw new InvalidPattern('Value must be between -5.0E9 and 5.0E9, inclusive')
  return 1
}

function comparison(operator: string): ((a: number, b: number) => boolean) | undefined {
  switch (operator) {
    case '=':
      return (a, b) => a === b
    case '<':
      return (a, b) => a < b
    case '<=':
      return (a, b) => a <= b
    case '>':
      return (a, b) => a > b
    case '>=':
      return (a, b) => a >= b
    default:
      return undefined
  }
}

function numberOf(value: unknown, operator: string): number {
  if (typeof value !== 'number') throw new InvalidPattern(`Value of ${operator} must be numeric`)
  comparable(value)
  return value
}

function within(holds: (value: number) => boolean): (value: unknown) => boolean {
  return (value) => typeof value === 'number' && Math.abs(value) <= FURTHEST && holds(value)
}
