import { AwsError } from '@lockstep/wire'
import { findFunction } from '../../functions/find-function.ts'
import type { InvocationResult } from '../../functions/functions.ts'
import type { JobRooms } from '../job.ts'
import { DeliveryFailure } from './delivery-failure.ts'
import { demandAdmitted, type EventMessage } from './message.ts'

/**
 * How often a function that fails is invoked for one event.
 * @see https://docs.aws.amazon.com/lambda/latest/dg/invocation-async-error-handling.html
 */
const MAX_INVOCATIONS = 3

/**
 * Invokes a function with the message. It may run twice for one event, as in AWS.
 *
 * DIVERGENCE: AWS hands the event to Lambda's own queue, and the rule's retry policy ends there; here the delivery
 * lasts until the function has succeeded or failed three times.
 *
 * @throws DeliveryFailure
 */
export async function deliverToFunction(
  message: EventMessage,
  { store, functions }: Pick<JobRooms, 'store' | 'functions'>,
): Promise<void> {
  const { target, text } = message
  const found = await findFunction(store.read.functions, target, target.partition, target.name)
  if (!found) throw DeliveryFailure.forGood('RESOURCE_NOT_FOUND')
  demandAdmitted(found.policy?.bound, { action: 'lambda:InvokeFunction', arn: found.arn }, message)
  const { functionError } = await invoke(functions, found.arn, text)
  if (functionError) throw new DeliveryFailure('FUNCTION_FAILED', MAX_INVOCATIONS)
}

async function invoke(
  functions: JobRooms['functions'],
  functionArn: string,
  text: string,
): Promise<InvocationResult> {
  try {
    return await functions.invoke({ functionArn, payload: new TextEncoder().encode(text) })
  } catch (error) {
    if (!(error instanceof AwsError)) throw error
    throw error.code === 'ResourceNotFoundException'
      ? DeliveryFailure.forGood('RESOURCE_NOT_FOUND')
      : new DeliveryFailure(error.code)
  }
}
