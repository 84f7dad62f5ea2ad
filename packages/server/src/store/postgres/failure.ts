import { StoreUnavailable, type UnavailableReason } from '../unavailable.ts'

/**
 * SQLSTATEs that tell of the environment and not of the statement; a class stands for its codes.
 * @see https://www.postgresql.org/docs/current/errcodes-appendix.html
 */
const REASONS: ReadonlyMap<string, UnavailableReason> = new Map([
  ['08', 'unreachable'],
  ['25006', 'standby'], // read_only_sql_transaction
  ['25P03', 'slow'], // idle_in_transaction_session_timeout
  ['25P04', 'slow'], // transaction_timeout
  ['28', 'denied'],
  ['3D000', 'no-database'],
  ['40003', 'unreachable'], // statement_completion_unknown
  ['42501', 'denied'], // insufficient_privilege
  ['53100', 'full'],
  ['53200', 'memory'],
  ['53300', 'connections'],
  ['53400', 'full'], // configuration_limit_exceeded
  ['55P03', 'contended'], // lock_not_available: lock_timeout
  ['57014', 'slow'], // query_canceled: statement_timeout
  ['57P01', 'starting'], // admin_shutdown
  ['57P02', 'starting'], // crash_shutdown
  ['57P03', 'starting'], // cannot_connect_now
  ['57P05', 'starting'], // idle_session_timeout
  ['58', 'io'],
  ['XX001', 'corrupt'],
  ['XX002', 'corrupt'],
])

/**
 * The connection broke, or its server ended it, or nobody knows what became of the statement: in each case the connection
 * is of no use any more. What it was doing is rolled back, unless it was committing.
 */
export class ConnectionLost extends StoreUnavailable {}

/** A transaction met another that PostgreSQL could not put before or after it. Nothing of it was kept. */
export class Conflict extends Error {
  override readonly name = 'Conflict'
}

/** A migration has changed a table under a statement that this connection keeps prepared. */
export class StalePlan extends Error {
  override readonly name = 'StalePlan'
}

/** Of which the connection is lost; a class stands for its codes. */
const LOST: readonly string[] = ['08', '25P03', '25P04', '40003', '57P']

const CONFLICTS: ReadonlySet<string> = new Set([
  '40001', // serialization_failure
  '40P01', // deadlock_detected
  '23505', // unique_violation: the row that is there now was not there when this transaction looked
])

/** The five characters, where the database server itself has spoken. */
export function sqlStateOf(error: unknown): string | undefined {
  if (!(error instanceof Error) || !('code' in error) || typeof error.code !== 'string') return undefined
  return 'severity' in error ? error.code : undefined
}

/**
 * The error to throw for one that pg threw, and for no other: one of the above, StoreUnavailable, or the same
 * where the program is wrong.
 */
export function translate(error: unknown): unknown {
  if (!(error instanceof Error) || error instanceof TypeError || error instanceof RangeError) return error
  const state = sqlStateOf(error)
  if (state === undefined) return new ConnectionLost(reasonOfSocket(error), causeOf(error))
  if (CONFLICTS.has(state)) return new Conflict(state, causeOf(error))
  if (isStalePlan(error, state)) return new StalePlan(state)
  // PostgreSQL quotes the value that it would not take.
  if (state.startsWith('22') || state.startsWith('23'))
    return new Error(`The database refused a value: ${state}`)
  const reason = REASONS.get(state) ?? REASONS.get(state.slice(0, 2))
  if (!reason) return error
  const isLost = LOST.some((lost) => state.startsWith(lost))
  return isLost ? new ConnectionLost(reason, causeOf(error)) : new StoreUnavailable(reason, causeOf(error))
}

/** The sentence is in the database server's language; the name of its function is not. */
function isStalePlan(error: Error, state: string): boolean {
  if (state !== '0A000') return false
  const isRevalidating = 'routine' in error && error.routine === 'RevalidateCachedQuery'
  return isRevalidating || error.message.includes('cached plan')
}

/** The code and nothing else: a server's sentence may name the user, the host, or a row's values. */
function causeOf(error: Error): ErrorOptions {
  return { cause: new Error('code' in error && typeof error.code === 'string' ? error.code : error.name) }
}

/** pg tells of a broken or refused connection by the system's errors, or by sentences without a code. */
function reasonOfSocket(error: Error): UnavailableReason {
  return /timeout/i.test(error.message) ? 'slow' : 'unreachable'
}
