import { AwsError } from '@lockstep/wire'
import { eventOf, isTooOld } from '../functions/event-job.ts'
import type { InvocationResult } from '../functions/functions.ts'
import type { ClaimedJob } from '../store/jobs.ts'
import { ClaimLost, type JobRooms, type RunJob } from './job.ts'

/** Once, and twice more. @see https://docs.aws.amazon.com/lambda/latest/dg/invocation-async-error-handling.html */
const MAX_ATTEMPTS = 3

/** The function answered an error, and is run again. */
class FunctionFailed extends Error {
  override readonly name = 'FunctionFailed'
}

/**
 * Runs a function for a caller who does not wait. One that fails is run twice more, one for which there was no room
 * is tried for six hours, and what is not there any more is forgotten.
 *
 * DIVERGENCE: AWS waits one minute before the first repetition and two before the second; ours wait seconds, and an
 * attempt for which there was no room counts among the three.
 */
export const invokeFunction: RunJob = async (job, rooms) => {
  const { store, clock } = rooms
  const result = isTooOld(job, clock.now()) ? undefined : await invoke(job, rooms)
  if (result?.functionError && job.attempts < MAX_ATTEMPTS) throw new FunctionFailed()
  await store.write(async (tx) => {
    if (!(await tx.jobs.done(job))) throw new ClaimLost()
  })
}

/** Nothing where there is no such function, or none that can be run. */
async function invoke(
  job: ClaimedJob,
  { functions, keyring }: JobRooms,
): Promise<InvocationResult | undefined> {
  try {
    return await functions.invoke(eventOf(job, keyring))
  } catch (error) {
    if (!(error instanceof AwsError) || error.code === 'TooManyRequestsException') throw error
    if (error.code !== 'ResourceNotFoundException' && job.attempts < MAX_ATTEMPTS) throw error
    return undefined
  }
}
