import type { Keyring } from '../keyring/keyring.ts'
import type { Clock } from '../platform/clock.ts'
import type { Random } from '../platform/random.ts'
import type { FunctionRecord } from '../store/functions.ts'
import type { Job, NewJob } from '../store/jobs.ts'
import type { Invocation } from './functions.ts'

/** The kind of job that runs a function for a caller who does not wait. */
export const INVOKE_FUNCTION = 'invoke-function'

/** How long a function is tried to be run. @see https://docs.aws.amazon.com/lambda/latest/api/API_PutFunctionEventInvokeConfig.html */
const MAX_AGE_MS = 6 * 3_600_000

interface EventRooms {
  readonly clock: Clock
  readonly random: Random
  readonly keyring: Keyring
}

/** Has a function run soon. What it is given is sealed: a job lies in the store for everybody who reads it. */
export function newEventJob(
  { clock, random, keyring }: EventRooms,
  { account, region, arn }: FunctionRecord,
  payload: Uint8Array,
): NewJob {
  const id = random.uuid()
  const sealed = keyring.seal('function-event', payload, { arn, id })
  return {
    account,
    region,
    id,
    kind: INVOKE_FUNCTION,
    key: id,
    runAt: clock.now(),
    payload: {
      functionArn: arn,
      queuedAt: clock.now().getTime(),
      sealed: Buffer.from(sealed).toString('base64'),
    },
  }
}

/** Whether the event waited so long that nobody expects it to be handled any more. */
export function isTooOld({ payload }: Job, now: Date): boolean {
  return now.getTime() - Number(payload.queuedAt) > MAX_AGE_MS
}

/** The invocation that a job of {@link newEventJob} asks for. */
export function eventOf({ payload, key }: Job, keyring: Keyring): Invocation {
  const arn = String(payload.functionArn)
  using event = keyring.open('function-event', Buffer.from(String(payload.sealed), 'base64'), {
    arn,
    id: key,
  })
  return { functionArn: arn, payload: Uint8Array.from(event.reveal()) }
}
