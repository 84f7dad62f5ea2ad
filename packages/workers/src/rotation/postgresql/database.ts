import type { Environment } from '../password-options.ts'
import { RotationError } from '../rotation-error.ts'
import type { Credentials } from './credentials.ts'
import { login, type Session } from './session.ts'

/** What the two kinds of rotation need besides the secrets. */
export interface Means {
  readonly environment: Environment
  readonly randomBytes: (size: number) => Uint8Array
}

/** The first version that takes a password as a verifier. An older one would take the verifier for the password. */
const FIRST_VERSION = 100_000

/**
 * A session of somebody who has to be let in.
 * @throws RotationError naming them by `who`, not by their name.
 */
export async function demandLogin(
  credentials: Credentials,
  who: string,
  environment: Environment,
): Promise<Session> {
  const outcome = await login(credentials, environment)
  if (outcome.kind === 'in') return outcome.session
  throw new RotationError(`The database does not let in ${who}. ${outcome.reason.message}`)
}

/** @throws RotationError where setting a verifier would lock everybody out. */
export async function demandVerifiers(session: Session): Promise<void> {
  const [row] = await session.query("select current_setting('server_version_num')::int as version")
  if (Number(row?.version) < FIRST_VERSION) throw new RotationError('PostgreSQL is older than version 10.')
}
