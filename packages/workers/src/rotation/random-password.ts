/**
 * Gives a secret a new random password that nothing but the secret's readers know: a secret that is a plain
 * string becomes the password, one that is a JSON object gets it as a member.
 *
 * | Variable | What |
 * |---|---|
 * | `PASSWORD_MEMBER` | the member that holds the password, which is to be there; absent: `password`, or the whole secret where it is no JSON object |
 * | `PASSWORD_LENGTH`, `EXCLUDE_CHARACTERS`, … | see `password-options.ts` |
 */
import { finishRotation } from './finish.ts'
import { looksLikeObject, parseObject, withMembers } from './json-members.ts'
import { type Environment, passwordOptions } from './password-options.ts'
import { RotationError } from './rotation-error.ts'
import { handlerOf, type RotationRun, type Rotator } from './rotator.ts'
import { newPassword, putPending, readPending, readStage } from './secret-versions.ts'

const DEFAULT_MEMBER = 'password'

export function randomPassword(environment: Environment): Rotator {
  const member = environment.PASSWORD_MEMBER || undefined
  return {
    async createSecret(run) {
      const current = await readStage(run, 'AWSCURRENT')
      if ((await readPending(run)) !== undefined) return
      const password = await newPassword(run, passwordOptions(environment))
      await putPending(run, withPassword(current, member, password))
    },

    async setSecret(run) {
      // Nobody but the secret's readers knows the password, so there is nobody to tell.
      await demandPassword(run, member)
    },

    testSecret: (run) => demandPassword(run, member),
    finishSecret: finishRotation,
  }
}

/** The secret's next text. `current` is absent where the secret has had no value yet. */
function withPassword(current: string | undefined, member: string | undefined, password: string): string {
  if (member !== undefined) return withMembers(current ?? '{}', { [member]: password })
  if (current === undefined || !looksLikeObject(current)) return password
  return withMembers(current, { [DEFAULT_MEMBER]: password })
}

/** @throws RotationError unless the pending value has a password where readers look for it. */
async function demandPassword(run: RotationRun, member: string | undefined): Promise<void> {
  const pending = await readPending(run)
  if (pending === undefined) throw new RotationError('The AWSPENDING version has no value.')
  const password =
    member === undefined && !looksLikeObject(pending)
      ? pending
      : parseObject(pending).get(member ?? DEFAULT_MEMBER)
  if (typeof password !== 'string' || password === '') {
    throw new RotationError('The AWSPENDING value has no password.')
  }
}

export const handler = handlerOf(randomPassword(process.env))
