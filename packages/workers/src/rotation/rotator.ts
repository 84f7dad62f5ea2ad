/**
 * What Secrets Manager asks of a rotation function, and the Lambda handler around whoever does it.
 *
 * @see https://docs.aws.amazon.com/secretsmanager/latest/userguide/rotate-secrets_lambda-functions.html
 */
import { SecretsManagerClient } from '@aws-sdk/client-secrets-manager'
import { Hidden } from './hidden.ts'
import { RotationError, stepFailed } from './rotation-error.ts'
import { describeVersions, type SecretVersions } from './secret-versions.ts'

/** In the order in which they are called. */
export const STEPS = ['createSecret', 'setSecret', 'testSecret', 'finishSecret'] as const
export type Step = (typeof STEPS)[number]

/** One rotation: the same for each of its steps. */
export interface RotationRun {
  readonly secretArn: string
  /** Names the AWSPENDING version that this run is making. */
  readonly clientRequestToken: string
  /** Proves to PutSecretValue, where the function comes as another account's role, that it is rotating. */
  readonly rotationToken?: Hidden
  readonly secrets: SecretsManagerClient
  /** How long this invocation may still take. Absent: whoever called has set no limit. */
  readonly remainingMs?: () => number
}

/**
 * The four-step contract that AWS calls on a rotation Lambda. Each step is called once those before it have
 * succeeded, in a process that may be new and may be killed at any point. After a failure Secrets Manager begins
 * again, at the first step or at the one that failed. So every step may run twice, whole or after a part of it,
 * and the second time must be harmless. What a step throws is logged and must not quote a value: throw
 * {@link RotationError}; of anything else only the name is passed on.
 */
export interface Rotator {
  /** Puts a new value as the version `clientRequestToken`, AWSPENDING, unless that version has one already. */
  createSecret(run: RotationRun): Promise<void>
  /** Makes the service that the secret is for accept the pending value. */
  setSecret(run: RotationRun): Promise<void>
  /** Uses the pending value, and fails unless it works. */
  testSecret(run: RotationRun): Promise<void>
  /** Makes the pending version AWSCURRENT; also called when it is already, to clean up. See `finish.ts`. */
  finishSecret(run: RotationRun): Promise<void>
}

/** A Lambda handler. Secrets Manager takes no notice of what it answers, only of whether it threw. */
export type Handler = (event: unknown, context?: unknown) => Promise<void>

/** One line for whoever reads the function's log. */
export type Log = (line: Readonly<Record<string, string>>) => void

export interface HandlerOptions {
  /** Called once, at the first invocation. Absent: Amazon's endpoint, or the one in `AWS_ENDPOINT_URL`. */
  readonly connect?: () => SecretsManagerClient
  /** Absent: a line of JSON on standard output, which is a function's log. */
  readonly log?: Log
}

/**
 * The handler for a rotator. It refuses, before the rotator hears of it, every event that does not belong to a
 * rotation in progress, so that whoever may only invoke the function can change nothing.
 */
export function handlerOf(
  rotator: Rotator,
  { connect = () => new SecretsManagerClient({}), log = print }: HandlerOptions = {},
): Handler {
  let secrets: SecretsManagerClient | undefined
  return async (event, context) => {
    const { step, ...what } = readEvent(event)
    secrets ??= connect()
    const run: RotationRun = { ...what, secrets, ...readRemaining(context) }
    const line = { step, secretArn: run.secretArn, versionId: run.clientRequestToken }
    try {
      const state = stateOf(await describeVersions(run), run.clientRequestToken)
      // A version that is AWSCURRENT is in use: only what finishSecret may have left behind is still to do.
      const isDue = state === 'pending' || step === 'finishSecret'
      if (isDue) await rotator[step](run)
      log({ event: isDue ? 'rotation.step.done' : 'rotation.step.skipped', ...line })
    } catch (error) {
      const failure = stepFailed(step, error)
      log({ event: 'rotation.step.failed', ...line, reason: failure.message })
      throw failure
    }
  }
}

/**
 * Whether the version is being made, or is in use already.
 * @throws RotationError when it is neither, and no step may touch it.
 */
export function stateOf({ rotationEnabled, stages }: SecretVersions, token: string): 'pending' | 'finished' {
  if (!rotationEnabled) throw new RotationError('The secret is not enabled for rotation.')
  const held = stages.get(token)
  if (held === undefined) throw new RotationError('The secret has no version of this ClientRequestToken.')
  if (held.includes('AWSCURRENT')) return 'finished'
  if (held.includes('AWSPENDING')) return 'pending'
  throw new RotationError('The version of this ClientRequestToken is not AWSPENDING.')
}

interface RotationEvent extends Omit<RotationRun, 'secrets'> {
  readonly step: Step
}

/** @throws RotationError naming the member that is wrong, never what it holds. */
function readEvent(event: unknown): RotationEvent {
  const members = new Map<string, unknown>(
    typeof event === 'object' && event !== null ? Object.entries(event) : [],
  )
  const text = (name: string): string => {
    const value = members.get(name)
    if (typeof value === 'string' && value !== '') return value
    throw new RotationError(`The event has no ${name}.`)
  }
  const named = text('Step')
  const step = STEPS.find((known) => known === named)
  if (step === undefined) throw new RotationError(`The event's Step is none of ${STEPS.join(', ')}.`)
  const run = { step, secretArn: text('SecretId'), clientRequestToken: text('ClientRequestToken') }
  const token = members.get('RotationToken')
  if (token === undefined || token === null) return run
  return { ...run, rotationToken: new Hidden(text('RotationToken')) }
}

/** Lambda's own `getRemainingTimeInMillis`, where there is one. */
function readRemaining(context: unknown): Pick<RotationRun, 'remainingMs'> {
  if (typeof context !== 'object' || context === null || !('getRemainingTimeInMillis' in context)) return {}
  const { getRemainingTimeInMillis: remaining } = context
  return typeof remaining === 'function' ? { remainingMs: () => Number(remaining.call(context)) } : {}
}

/** A line of JSON on standard output, which is a function's log. */
export function print(line: Readonly<Record<string, string>>): void {
  console.log(JSON.stringify(line))
}
