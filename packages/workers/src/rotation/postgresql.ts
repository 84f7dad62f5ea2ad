/**
 * Rotates the password of a PostgreSQL role. The secret has AWS's documented structure; where it has `masterarn`,
 * two roles take turns, else the one role changes its own password.
 *
 * Environment: those of `password-options.ts`, and `PGSSLROOTCERT`, a file with the authorities that vouch for
 * the database where the secret asks for a verified certificate.
 *
 * @see https://docs.aws.amazon.com/secretsmanager/latest/userguide/reference_secret_json_structure.html
 */
import { randomBytes } from 'node:crypto'
import { finishRotation } from './finish.ts'
import { withMembers } from './json-members.ts'
import { passwordOptions } from './password-options.ts'
import { setAlternate } from './postgresql/alternating-users.ts'
import { type Credentials, parseCredentials } from './postgresql/credentials.ts'
import { demandLogin, type Means } from './postgresql/database.ts'
import { setOwnPassword } from './postgresql/single-user.ts'
import { alternateOf, demandSuccessor } from './postgresql/usernames.ts'
import { RotationError } from './rotation-error.ts'
import { handlerOf, type RotationRun, type Rotator } from './rotator.ts'
import { newPassword, putPending, readPending, readStage, readText } from './secret-versions.ts'

export function postgresql(means: Means): Rotator {
  return {
    async createSecret(run) {
      const text = demandText(await readStage(run, 'AWSCURRENT'), 'AWSCURRENT')
      const current = parseCredentials(text)
      if ((await readPending(run)) !== undefined) return
      const password = await newPassword(run, passwordOptions(means.environment))
      const username = current.masterArn === undefined ? {} : { username: alternateOf(current.username) }
      await putPending(run, withMembers(text, { ...username, password }))
    },

    async setSecret(run) {
      const current = await currentCredentials(run)
      const pending = await pendingCredentials(run)
      demandSuccessor(current, pending)
      const { masterArn } = current
      if (masterArn === undefined) {
        await setOwnPassword({ current, pending, previous: await previousCredentials(run) }, means)
      } else {
        await setAlternate({ current, pending, readMaster: () => masterCredentials(run, masterArn) }, means)
      }
    },

    async testSecret(run) {
      const pending = await pendingCredentials(run)
      await using session = await demandLogin(pending, 'the AWSPENDING user', means.environment)
      await session.query('select now()')
    },

    finishSecret: finishRotation,
  }
}

async function currentCredentials(run: RotationRun): Promise<Credentials> {
  return parseCredentials(demandText(await readStage(run, 'AWSCURRENT'), 'AWSCURRENT'))
}

async function pendingCredentials(run: RotationRun): Promise<Credentials> {
  return parseCredentials(demandText(await readPending(run), 'AWSPENDING'))
}

/** Undefined where there is none, or none that could be of use. */
async function previousCredentials(run: RotationRun): Promise<Credentials | undefined> {
  const text = await readStage(run, 'AWSPREVIOUS')
  if (text === undefined) return undefined
  try {
    return parseCredentials(text)
  } catch {
    return undefined
  }
}

async function masterCredentials({ secrets }: RotationRun, masterArn: string): Promise<Credentials> {
  const which = { SecretId: masterArn, VersionStage: 'AWSCURRENT' }
  try {
    return parseCredentials(demandText(await readText(secrets, which), 'AWSCURRENT'))
  } catch (error) {
    if (!(error instanceof RotationError)) throw error
    throw new RotationError(`The secret of masterarn: ${error.message}`)
  }
}

function demandText(text: string | undefined, stage: string): string {
  if (text === undefined) throw new RotationError(`The ${stage} version has no value.`)
  return text
}

export const handler = handlerOf(postgresql({ environment: process.env, randomBytes }))
