/**
 * One user, who changes their own password. Between setSecret and finishSecret, and for whoever keeps the old
 * password beyond that, logins fail: two users that alternate are the way without that gap.
 */
import pg from 'pg'
import type { Environment } from '../password-options.ts'
import { RotationError } from '../rotation-error.ts'
import type { Credentials } from './credentials.ts'
import { demandVerifiers, type Means } from './database.ts'
import { SALT_BYTES, scramVerifier } from './scram.ts'
import { login, type Session } from './session.ts'
import { demandSamePlace } from './usernames.ts'

export interface Versions {
  readonly current: Credentials
  readonly pending: Credentials
  /** Works where an earlier rotation moved the label and did not get to the database, or was undone there. */
  readonly previous?: Credentials | undefined
}

export async function setOwnPassword(versions: Versions, { environment, randomBytes }: Means): Promise<void> {
  const { pending } = versions
  const verifier = await scramVerifier(pending.password.reveal(), randomBytes(SALT_BYTES))
  const attempt = await login(pending, environment)
  if (attempt.kind === 'in') return attempt.session[Symbol.asyncDispose]()

  await using session = await sessionOfUser(versions, environment)
  await demandVerifiers(session)
  // Whose password it is, is who has logged in: no name is a part of the statement. A `role` setting would make
  // the session somebody else, who may not.
  await session.query('set role none')
  await session.query(`alter role session_user with password ${pg.escapeLiteral(verifier)}`)
}

/** A session with the newest of the older passwords that works. */
async function sessionOfUser({ current, previous }: Versions, environment: Environment): Promise<Session> {
  const now = await login(current, environment)
  if (now.kind === 'in') return now.session
  if (previous && previous.username === current.username) {
    demandSamePlace(current, previous, 'AWSPREVIOUS value')
    const before = await login({ ...previous, dbname: current.dbname, tls: current.tls }, environment)
    if (before.kind === 'in') return before.session
  }
  throw new RotationError(
    `The database lets the user in with none of the AWSPENDING, AWSCURRENT and AWSPREVIOUS passwords. ${now.reason.message}`,
  )
}
