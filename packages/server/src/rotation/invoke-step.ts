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
  /** The class of what the handler threw. */
  readonly errorType?: string | undefined
  /** Its message, of a built-in function's error alone: what another handler says could hold a value. */
  readonly errorMessage?: string | undefined
}

/** What Lambda calls a function that ran out of time, and one whose process ended. */
const TIMED_OUT = 'Sandbox.Timedout'
const EXITED = /^Runtime\.(?:ExitError|OutOfMemory)$/

/** What may pass for the name of a class, and is therefore no value of a secret that somebody threw. */
const CLASS_NAME = /^[A-Za-z][A-Za-z0-9_.]{0,63}$/

/** What built-in functions throw, in words that may be logged: which node, which call, and why. */
const WORDED_ERROR = 'RotationError'
const MAX_MESSAGE_CHARACTERS = 2_000

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
    return result.functionError && failureOf(result, record)
  } catch (error) {
    return { reason: refusalReason(error) }
  }
}

function refusalReason(error: unknown): FailureReason {
  if (!(error instanceof AwsError)) return 'InternalFailure'
  if (error.code === 'TooManyRequestsException') return 'Throttled'
  return error.code === 'ResourceNotFoundException' ? 'NotInvocable' : 'InternalFailure'
}

function failureOf({ payload }: InvocationResult, { code }: FunctionRecord): Failure {
  const { errorType, errorMessage } = thrownIn(payload)
  if (errorType === TIMED_OUT) return { reason: 'TimedOut' }
  if (errorType !== undefined && EXITED.test(errorType)) return { reason: 'Exited' }
  const isWorded = code.kind === 'built-in' && errorType === WORDED_ERROR
  return { reason: 'Threw', errorType, ...(isWorded && { errorMessage }) }
}

function thrownIn(payload: Uint8Array): Pick<Failure, 'errorType' | 'errorMessage'> {
  try {
    const { errorType, errorMessage } = JSON.parse(new TextDecoder().decode(payload)) as {
      errorType?: unknown
      errorMessage?: unknown
    }
    return {
      errorType: typeof errorType === 'string' && CLASS_NAME.test(errorType) ? errorType : undefined,
      errorMessage:
        typeof errorMessage === 'string' ? errorMessage.slice(0, MAX_MESSAGE_CHARACTERS) : undefined,
    }
  } catch {
    return {}
  }
}
