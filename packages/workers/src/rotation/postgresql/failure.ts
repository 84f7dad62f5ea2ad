import { RotationError } from '../rotation-error.ts'

/** Words for what PostgreSQL says most often where it lets nobody work. */
const KNOWN: Readonly<Record<string, string>> = {
  '28P01': 'the user name or password is refused',
  '28000': 'this user is not let in from here, or not in this way',
  '3D000': 'there is no database of this name',
  '42501': 'the user is not allowed to',
  '53300': 'it has too many connections',
  '55P03': 'a lock was not granted in time',
  '57014': 'the statement took too long',
  '57P01': 'it is shutting down, or ended the connection',
  '57P03': 'it is starting up',
  ECONNREFUSED: 'nothing listens at the host and port of the secret',
  ENOTFOUND: 'the host of the secret has no address',
  ETIMEDOUT: 'the host of the secret does not answer',
}

/** The driver's own errors that have no code, by their exact text. */
const DRIVER: Readonly<Record<string, string>> = {
  'timeout expired': 'the host of the secret does not answer in time',
  'Query read timeout': 'it does not answer in time',
  'Connection terminated unexpectedly': 'the connection broke',
  'Connection terminated': 'the connection broke',
  'The server does not support SSL connections': 'it has no TLS, which the secret asks for',
}

/** The SQLSTATE, or the code of a system, TLS or certificate error; undefined where there is none. */
export function codeOf(error: unknown): string | undefined {
  const code = error instanceof Error && 'code' in error ? error.code : undefined
  return typeof code === 'string' && /^[A-Z0-9_]{5,40}$/.test(code) ? code : undefined
}

/**
 * What may be said of an error of PostgreSQL or its driver. Their messages quote statements, names and values of
 * a row; what is said here is made of the code alone.
 */
export function postgresFailed(error: unknown): RotationError {
  if (error instanceof RotationError) return error
  const code = codeOf(error)
  const words =
    code === undefined ? DRIVER[error instanceof Error ? error.message : ''] : (KNOWN[code] ?? 'it failed')
  return new RotationError(`PostgreSQL: ${words ?? 'it failed'}${code === undefined ? '' : ` (${code})`}.`)
}
