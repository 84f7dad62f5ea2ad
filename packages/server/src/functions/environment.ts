import type { Keyring } from '../keyring/keyring.ts'
import type { FunctionRecord } from '../store/functions.ts'

/** Names to values. */
export type Variables = Readonly<Record<string, string>>

const utf8 = new TextEncoder()

/** Seals a function's environment variables for its row. */
export function sealVariables(variables: Variables, arn: string, keyring: Keyring): Uint8Array {
  return keyring.seal('function-environment', utf8.encode(JSON.stringify(variables)), { arn })
}

/** The function's environment variables, which may hold credentials. */
export function openVariables(
  { arn, sealedEnvironment }: Pick<FunctionRecord, 'arn' | 'sealedEnvironment'>,
  keyring: Keyring,
): Variables {
  if (!sealedEnvironment) return {}
  using opened = keyring.open('function-environment', sealedEnvironment, { arn })
  return JSON.parse(opened.text()) as Variables // sealed by sealVariables and nobody else
}
