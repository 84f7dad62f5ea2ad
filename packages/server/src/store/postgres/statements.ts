import { hash } from 'node:crypto'
import type { QueryConfig } from 'pg'

/** Far above the number of constant texts; a text beyond it is sent whole each time. */
const MAX_STATEMENTS = 512

interface Statement {
  readonly text: string
  /**
   * Under which each connection keeps it prepared. Made of the text, so that should a pooler ever give this server's
   * connection to another program of ours, one name never means two statements.
   */
  readonly name: string | undefined
}

const statements = new Map<string, Statement>()

/** A constant text with `?` for each value, as PostgreSQL takes it, prepared once on each connection. */
export function prepared(text: string, values: readonly unknown[]): QueryConfig {
  const { name, text: numbered } = statementOf(text)
  return { text: numbered, values: [...values], ...(name !== undefined && { name }) }
}

function statementOf(text: string): Statement {
  const known = statements.get(text)
  if (known) return known
  let count = 0
  // Our texts hold no question mark inside a literal.
  const numbered = text.replaceAll('?', () => `$${++count}`)
  const full = statements.size >= MAX_STATEMENTS
  const statement = {
    text: numbered,
    name: full ? undefined : `lockstep_${hash('sha256', numbered).slice(0, 32)}`,
  }
  if (!full) statements.set(text, statement)
  return statement
}
