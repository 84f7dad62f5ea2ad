import { AwsError } from '@lockstep/wire'
import type { Functions, InvocationResult } from '../functions/functions.ts'
import type { FunctionRecord } from '../store/functions.ts'
import type { RotationStep } from '../store/secrets.ts'
import type { FailureReason } from './event.ts'
import { rotationSessionPolicy } from './session-policy.ts'

/** One step that a function is about to be asked for. */
export interface PreparedStep {
  readonly secretArn: string
  readonly record: FunctionRecord
  readonly step: RotationStep
  readonly versionId: string
  /** The RotationToken, for the function alone. */
  readonly token: string
}

export interface Failure {
  readonly reason: FailureReason
  /** The class of what the handler threw; never its message, which could hold a value. */
  readonly errorType?: string | undefined
}

/** What Lambda calls a function that ran out of time, and one whose process ended. */
const TIMED_OUT = 'Sandbox.Timedout'
const EXITED = /^Runtime\.(?:ExitError|OutOfMemory)$/

/** What may pass for the name of a class, and is therefore no value of a secret that somebody threw. */
const CLASS_NAME = /^[A-Za-z][A-Za-z0-9_.]{0,63}$/

/**
 * Asks a rotation function for one step and waits for its end. Answers what went wrong, if anything did.
 *
 * @see https://docs.aws.amazon.com/secretsmanager/latest/userguide/rotate-secrets_lambda-functions.html
 */
export async function invokeStep(functions: Functions, prepared: PreparedStep): Promise<Failure | undefined> {
  const { secretArn, record, step, versionId, token } = prepared
  const event = { Step: step, SecretId: secretArn, ClientRequestToken: versionId, RotationToken: token }
  try {
    const result = await functions.invoke({
      functionArn: record.arn,
      payload: new TextEncoder().encode(JSON.stringify(event)),
      sessionPolicy: rotationSessionPolicy(record, secretArn),
    })
    return result.functionError && failureOf(result)
  } catch (error) {
    return { reason: refusalReason(error) }
  }
}

function refusalReason(error: unknown): FailureReason {
  if (!(error instanceof AwsError)) return 'InternalFailure'
  if (error.code === 'TooManyRequestsException') return 'Throttled'
  return error.code === 'ResourceNotFoundException' ? 'NotInvocable' : 'InternalFailure'
}

function failureOf({ payload }: InvocationResult): Failure {
  const errorType = errorTypeIn(payload)
  if (errorType === TIMED_OUT) return { reason: 'TimedOut' }
  if (errorType !== undefined && EXITED.test(errorType)) return { reason: 'Exited' }
  return { reason: 'Threw', errorType }
}

function errorTypeIn(payload: Uint8Array): string | undefined {
  try {
    const { errorType } = JSON.parse(new TextDecoder().decode(payload)) as { errorType?: unknown }
    return typeof errorType === 'string' && CLASS_NAME.test(errorType) ? errorType : undefined
  } catch {
    return undefined
  }
}
