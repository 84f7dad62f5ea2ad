import type { GetRandomPasswordRequest } from '@aws-sdk/client-secrets-manager'
import { RotationError } from './rotation-error.ts'

export type Environment = Readonly<Record<string, string | undefined>>

/** What AWS's own rotation functions leave out unless told otherwise: what URLs, quotes and shells trip over. */
const DEFAULT_EXCLUDED = ':/@"\'\\'
const DEFAULT_LENGTH = 32
/** @see https://docs.aws.amazon.com/secretsmanager/latest/apireference/API_GetRandomPassword.html */
const MAX_LENGTH = 4096

const TRUE = ['true', '1', 'y', 'yes']
const FALSE = ['false', '0', 'n', 'no']

/**
 * How passwords are to look, by the environment variables of AWS's own rotation functions.
 *
 * @see https://docs.aws.amazon.com/secretsmanager/latest/userguide/reference_available-rotation-templates.html
 * @throws RotationError naming every variable that makes no sense.
 */
export function passwordOptions(environment: Environment): GetRandomPasswordRequest {
  const wrong: string[] = []
  const flag = (name: string, absent: boolean): boolean => {
    const value = environment[name]?.toLowerCase()
    if (value === undefined || value === '') return absent
    if (!TRUE.includes(value) && !FALSE.includes(value)) wrong.push(name)
    return TRUE.includes(value)
  }
  const options = {
    PasswordLength: length(environment.PASSWORD_LENGTH, wrong),
    ExcludeCharacters: environment.EXCLUDE_CHARACTERS ?? DEFAULT_EXCLUDED,
    ExcludeNumbers: flag('EXCLUDE_NUMBERS', false),
    ExcludePunctuation: flag('EXCLUDE_PUNCTUATION', false),
    ExcludeUppercase: flag('EXCLUDE_UPPERCASE', false),
    ExcludeLowercase: flag('EXCLUDE_LOWERCASE', false),
    RequireEachIncludedType: flag('REQUIRE_EACH_INCLUDED_TYPE', true),
  }
  if (wrong.length > 0) throw new RotationError(`The function's environment is wrong: ${wrong.join(', ')}.`)
  return options
}

function length(value: string | undefined, wrong: string[]): number {
  if (value === undefined || value === '') return DEFAULT_LENGTH
  const number = /^\d{1,4}$/.test(value) ? Number(value) : 0
  if (number < 1 || number > MAX_LENGTH) wrong.push('PASSWORD_LENGTH')
  return number
}
