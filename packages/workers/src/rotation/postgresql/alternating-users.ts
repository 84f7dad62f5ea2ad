/**
 * Two users who take turns: while one is in use, the other gets the next password. Whoever still holds the user
 * of before can log in until the next rotation, so no login ever fails.
 */
import { RotationError } from '../rotation-error.ts'
import type { Credentials } from './credentials.ts'
import { demandLogin, demandVerifiers, type Means } from './database.ts'
import { readRoles } from './role-queries.ts'
import { actAs, planRoles } from './roles.ts'
import { SALT_BYTES, scramVerifier } from './scram.ts'
import { login, type Session } from './session.ts'
import { alternateOf, demandSamePlace, type Pair, pairOf } from './usernames.ts'

export interface Versions {
  readonly current: Credentials
  readonly pending: Credentials
  /** Asked only once it is needed. */
  readonly readMaster: () => Promise<Credentials>
}

export async function setAlternate({ current, pending, readMaster }: Versions, means: Means): Promise<void> {
  const { environment, randomBytes } = means
  const pair = pairOf(current.username)
  const verifier = await scramVerifier(pending.password.reveal(), randomBytes(SALT_BYTES))
  const attempt = await login(pending, environment)
  if (attempt.kind === 'in') {
    await using session = attempt.session
    await actAsOriginal(session, pair, pending)
    return
  }

  // Whoever can write the secret but not log in as its user gets nothing out of the master's rights.
  await (await demandLogin(current, 'the AWSCURRENT user', environment))[Symbol.asyncDispose]()
  const master = await readMaster()
  demandSamePlace(current, master, 'secret of masterarn')
  if ([current.username, alternateOf(current.username)].includes(master.username)) {
    throw new RotationError("The secret of masterarn is the one of the secret's own user.")
  }
  {
    await using session = await demandLogin(
      { ...master, dbname: current.dbname },
      'the user of the secret of masterarn',
      environment,
    )
    await demandVerifiers(session)
    await changeRoles(session, pair, pending.username, verifier)
  }
  await using session = await demandLogin(pending, 'the AWSPENDING user', environment)
  await actAsOriginal(session, pair, pending)
}

/** All or nothing: a clone that can log in has everything else, too. */
async function changeRoles(session: Session, pair: Pair, pending: string, verifier: string): Promise<void> {
  await session.query('begin')
  // Where a step fails the connection ends with it, and the transaction with the connection.
  for (const statement of planRoles(pair, pending, verifier, await readRoles(session, pair))) {
    await session.query(statement)
  }
  await session.query('commit')
}

async function actAsOriginal(session: Session, pair: Pair, { username }: Credentials): Promise<void> {
  if (username !== pair.clone) return
  const [row] = await session.query("select current_setting('role') as role")
  if (row?.role === 'none') await session.query(actAs(pair.original))
}
