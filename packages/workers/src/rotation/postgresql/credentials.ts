import { Hidden } from '../hidden.ts'
import { parseObject } from '../json-members.ts'
import { RotationError } from '../rotation-error.ts'

/** How much TLS a connection has to have; libpq's words. `prefer`: what the server has, and no certificate asked for. */
const TLS_MODES = ['disable', 'prefer', 'require', 'verify-ca', 'verify-full'] as const
export type TlsMode = (typeof TLS_MODES)[number]

/** What a database secret says. */
export interface Credentials {
  readonly host: string
  readonly port: number
  readonly username: string
  readonly password: Hidden
  readonly dbname: string
  readonly tls: TlsMode
  /** The secret of a role that may alter others; there where two users alternate. */
  readonly masterArn?: string
}

/** What PostgreSQL keeps of a name; a longer one is cut, and would be another role's. */
const MAX_NAME_BYTES = 63
const DEFAULT_PORT = 5432
const DEFAULT_DATABASE = 'postgres'
const ENGINES: readonly unknown[] = ['postgres', 'aurora-postgresql']

/**
 * Reads a secret of AWS's documented structure.
 *
 * @see https://docs.aws.amazon.com/secretsmanager/latest/userguide/reference_secret_json_structure.html
 * @throws RotationError naming the member that is missing or wrong, never what it holds.
 */
export function parseCredentials(secretText: string): Credentials {
  const members = parseObject(secretText)
  const text = (name: string): string => {
    const value = members.get(name)
    if (typeof value !== 'string' || value === '') throw wrong(name, 'is missing')
    // The protocol ends a string at NUL: what follows would be read as further parameters of the connection.
    if (value.includes('\0') || !value.isWellFormed())
      throw wrong(name, 'has characters that PostgreSQL has not')
    return value
  }
  if (!ENGINES.includes(members.get('engine'))) throw wrong('engine', "is not 'postgres'")
  const credentials = {
    host: host(text('host')),
    port: port(members.get('port')),
    username: name('username', text('username')),
    password: new Hidden(text('password')),
    dbname: isAbsent(members.get('dbname')) ? DEFAULT_DATABASE : name('dbname', text('dbname')),
    tls: tlsMode(members),
  }
  return isAbsent(members.get('masterarn')) ? credentials : { ...credentials, masterArn: text('masterarn') }
}

function isAbsent(value: unknown): boolean {
  return value === undefined || value === null
}

/** A path would be a socket of this machine, which may let somebody in by who runs the function. */
function host(value: string): string {
  if (/[/\\@,\s]/.test(value)) throw wrong('host', 'is not a host name or address')
  return value
}

function port(value: unknown): number {
  if (isAbsent(value)) return DEFAULT_PORT
  const number = typeof value === 'string' && /^\d{1,5}$/.test(value) ? Number(value) : value
  const isPort = typeof number === 'number' && Number.isInteger(number) && number >= 1 && number <= 65_535
  if (!isPort) throw wrong('port', 'is not a port')
  return number
}

function name(member: string, value: string): string {
  if (Buffer.byteLength(value) > MAX_NAME_BYTES) throw wrong(member, `has more than ${MAX_NAME_BYTES} bytes`)
  return value
}

// DIVERGENCE: where a secret has neither `sslmode` nor `ssl`, AWS's functions ask for a verified certificate and
// fall back to no TLS at all. Lockstep's use the TLS that the server has, verified or not, and never send a
// password in clear over a connection that is not verified.
function tlsMode(members: ReadonlyMap<string, unknown>): TlsMode {
  const sslmode = members.get('sslmode')
  if (!isAbsent(sslmode)) {
    const mode = TLS_MODES.find((known) => known === sslmode)
    if (mode === undefined) throw wrong('sslmode', `is none of ${TLS_MODES.join(', ')}`)
    return mode
  }
  const ssl = members.get('ssl')
  if (isAbsent(ssl)) return 'prefer'
  const wanted = String(ssl).toLowerCase()
  // As AWS's functions understand it: TLS that is asked for is verified.
  if (wanted === 'true') return 'verify-full'
  if (wanted === 'false') return 'disable'
  throw wrong('ssl', 'is neither true nor false')
}

function wrong(member: string, what: string): RotationError {
  return new RotationError(`The secret's ${member} ${what}.`)
}
