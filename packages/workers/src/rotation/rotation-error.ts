import { SecretsManagerServiceException } from '@aws-sdk/client-secrets-manager'

/**
 * Why a step failed, in words that may be logged: no value of the secret, no statement, no token. It has no
 * `cause`, because whatever prints an error prints its causes too, and those of drivers quote what they sent.
 */
export class RotationError extends Error {
  override readonly name = 'RotationError'
}

/** Whether Secrets Manager answered with this error. */
export function answered(error: unknown, name: string): boolean {
  return error instanceof SecretsManagerServiceException && error.name === name
}

/**
 * What an AWS call's failure may say. Only the message of a call that sent no value is passed on: a service may
 * quote what it refuses.
 */
export function callFailed(operation: string, error: unknown, sentValue = false): RotationError {
  if (!isServiceError(error)) {
    // The SDK's own: no credentials, no connection. Its class says which.
    return new RotationError(`${operation} did not get an answer: ${nameOf(error)}`)
  }
  const { name, message, $metadata } = error
  const said = sentValue ? '' : `: ${message}`
  return new RotationError(
    `${operation} answered ${name}${said} (request ${$metadata.requestId ?? 'unknown'})`,
  )
}

/** An answer of any of AWS's services, whose SDK clients have no class in common. */
function isServiceError(
  error: unknown,
): error is Error & { readonly $metadata: { readonly requestId?: string } } {
  return error instanceof Error && '$fault' in error && '$metadata' in error && error.$metadata !== undefined
}

/** What a step may say about an error that nothing has put into words: which kind it is, never its message. */
export function stepFailed(step: string, error: unknown): RotationError {
  return error instanceof RotationError
    ? new RotationError(`${step}: ${error.message}`)
    : new RotationError(`${step} failed unexpectedly: ${nameOf(error)}`)
}

function nameOf(error: unknown): string {
  if (!(error instanceof Error)) return 'something that is no error was thrown'
  const code = 'code' in error && typeof error.code === 'string' ? error.code : undefined
  // A code is a constant of Node's or the SDK's. Anything else could have been made of a value.
  return code !== undefined && /^[A-Z][A-Z0-9_]{1,40}$/.test(code) ? `${error.name} ${code}` : error.name
}
