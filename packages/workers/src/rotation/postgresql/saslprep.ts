import { PROHIBITED, RIGHT_TO_LEFT } from './saslprep-tables.ts'

const OTHER_SPACES = /[\u00a0\u1680\u2000-\u200b\u202f\u205f\u3000]/gu
// As alternatives and not as a class: some of them combine with what stands before them.
const MAPPED_TO_NOTHING =
  /\u00ad|\u034f|\u1806|\u180b|\u180c|\u180d|\u200c|\u200d|\u2060|[\ufe00-\ufe0f]|\ufeff/gu

/**
 * A password as SCRAM hashes it: other spaces become spaces, invisible characters go, and what looks alike gets one
 * spelling (RFC 4013). Undefined where preparing changes it although it has characters that the RFC prohibits:
 * PostgreSQL and libpq then take it as it is, other clients take what it became, and no verifier fits both.
 *
 * @see https://www.rfc-editor.org/rfc/rfc4013
 */
export function saslprep(password: string): string | undefined {
  const mapped = password.replace(OTHER_SPACES, ' ').replace(MAPPED_TO_NOTHING, '')
  const prepared = mapped.normalize('NFKC')
  if (prepared === password) return password
  if (prepared === '' || !password.isWellFormed()) return undefined
  // PostgreSQL looks for prohibited characters before it normalizes as well as after.
  const isFit = [...mapped, ...prepared].every((character) => !isIn(prohibited, character))
  // Text in both directions is allowed in some orders. All of it is refused here: passwords are not made of it.
  return isFit && ![...prepared].some((character) => isIn(rightToLeft, character)) ? prepared : undefined
}

type Ranges = readonly (readonly [number, number])[]

const prohibited = rangesOf(PROHIBITED)
const rightToLeft = rangesOf(RIGHT_TO_LEFT)

function rangesOf(table: string): Ranges {
  return table
    .trim()
    .split(/\s/)
    .map((range) => {
      const [from = '', to = from] = range.split('-')
      return [Number.parseInt(from, 16), Number.parseInt(to, 16)]
    })
}

function isIn(ranges: Ranges, character: string): boolean {
  const point = character.codePointAt(0) ?? 0
  return ranges.some(([from, to]) => from <= point && point <= to)
}
