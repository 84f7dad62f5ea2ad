/** Connections of a rotation: bounded in time, careful with passwords, and silent about everything. */
import { EventEmitter } from 'node:events'
import { readFileSync } from 'node:fs'
import { Duplex } from 'node:stream'
import { setTimeout as sleep } from 'node:timers/promises'
import type { ConnectionOptions } from 'node:tls'
import pg from 'pg'
import type { Environment } from '../password-options.ts'
import { RotationError } from '../rotation-error.ts'
import type { Credentials, TlsMode } from './credentials.ts'
import { codeOf, postgresFailed } from './failure.ts'

/** As AWS's functions have it. */
const CONNECT_LIMIT_MS = 5_000
/** No statement of a rotation works on more than a few rows; only another transaction's lock makes one wait. */
const STATEMENT_LIMIT_MS = 10_000
/** The client's own limit is later than the server's, whose answer says more. */
const ANSWER_LIMIT_MS = 12_000
const GOODBYE_LIMIT_MS = 500

/** What PostgreSQL answers to a login that is not to be; anything else may pass by itself. */
const REFUSALS: readonly (string | undefined)[] = ['28P01', '28000', '42501']
const NO_TLS = 'The server does not support SSL connections'

export type Login =
  | { readonly kind: 'in'; readonly session: Session }
  | { readonly kind: 'refused'; readonly reason: RotationError }

type Row = Readonly<Record<string, unknown>>

export class Session implements AsyncDisposable {
  readonly #client: pg.Client

  constructor(client: pg.Client) {
    this.#client = client
  }

  /** @throws RotationError without a word of the statement. */
  async query(text: string, values: readonly unknown[] = []): Promise<readonly Row[]> {
    try {
      const { rows } = await this.#client.query<Record<string, unknown>>(
        values.length > 0 ? { text, values: [...values] } : text,
      )
      return rows
    } catch (error) {
      throw postgresFailed(error)
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await end(this.#client)
  }
}

/**
 * Comes to the database as the secret says.
 * @throws RotationError when that could not be tried, as where the host does not answer.
 */
export async function login(credentials: Credentials, environment: Environment): Promise<Login> {
  const { tls } = credentials
  try {
    return await attempt(credentials, tls, environment)
  } catch (error) {
    const hasNoTls = error instanceof Error && error.message === NO_TLS
    if (tls !== 'prefer' || !hasNoTls) throw postgresFailed(error)
  }
  try {
    return await attempt(credentials, 'disable', environment)
  } catch (error) {
    throw postgresFailed(error)
  }
}

async function attempt(credentials: Credentials, tls: TlsMode, environment: Environment): Promise<Login> {
  const { host, port, username, password, dbname } = credentials
  const client = new pg.Client({
    host,
    port,
    user: username,
    password: password.reveal(),
    database: dbname,
    ssl: tlsOptions(tls, environment),
    enableChannelBinding: true,
    connectionTimeoutMillis: CONNECT_LIMIT_MS,
    query_timeout: ANSWER_LIMIT_MS,
    application_name: 'lockstep-rotation',
  })
  // A connection that breaks between two statements is told by the next one.
  client.on('error', () => {})
  try {
    const connected = client.connect()
    const asked = watchAuthentication(client, tls === 'verify-ca' || tls === 'verify-full')
    await connected
    // Where any password lets somebody in, a login proves nothing, and every rotation would succeed.
    if (!asked()) throw new RotationError('PostgreSQL let the user in without asking for a password.')
    await client.query(`set statement_timeout = ${STATEMENT_LIMIT_MS}`)
    return { kind: 'in', session: new Session(client) }
  } catch (error) {
    await end(client)
    if (!REFUSALS.includes(codeOf(error))) throw error
    return { kind: 'refused', reason: postgresFailed(error) }
  }
}

function tlsOptions(mode: TlsMode, environment: Environment): false | ConnectionOptions {
  if (mode === 'disable') return false
  if (mode === 'prefer' || mode === 'require') return { rejectUnauthorized: false }
  const file = environment.PGSSLROOTCERT
  const authority = file ? { ca: readFileSync(file) } : {}
  return mode === 'verify-full' ? authority : { ...authority, checkServerIdentity: () => undefined }
}

/**
 * Refuses to send the password itself to a server that has not proved who it is, and tells whether it was asked
 * for. Whoever stands between may ask for it in clear; SCRAM shows them nothing.
 */
function watchAuthentication(client: pg.Client, isVerified: boolean): () => boolean {
  const connection: unknown = Reflect.get(client, 'connection')
  if (!(connection instanceof EventEmitter)) throw new Error('this pg has no connection to listen to')
  let wasAsked = false
  for (const event of [
    'authenticationMD5Password',
    'authenticationSASL',
    'authenticationCleartextPassword',
  ]) {
    connection.on(event, () => {
      wasAsked = true
    })
  }
  if (!isVerified) {
    connection.removeAllListeners('authenticationCleartextPassword')
    connection.on('authenticationCleartextPassword', () => {
      streamOf(client)?.destroy(new RotationError('PostgreSQL asked for the password in clear.'))
    })
  }
  return () => wasAsked
}

/** Says goodbye, and hangs up where nobody answers that. */
async function end(client: pg.Client): Promise<void> {
  const isOver = client.end().catch(() => {})
  await Promise.race([isOver, sleep(GOODBYE_LIMIT_MS, undefined, { ref: false })])
  streamOf(client)?.destroy()
}

function streamOf(client: pg.Client): Duplex | undefined {
  const connection: unknown = Reflect.get(client, 'connection')
  const stream: unknown = connection instanceof EventEmitter ? Reflect.get(connection, 'stream') : undefined
  return stream instanceof Duplex ? stream : undefined
}
