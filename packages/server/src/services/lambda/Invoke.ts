import type { InvocationRequest, InvocationResponse } from '@aws-sdk/client-lambda'
import { newEventJob } from '../../functions/event-job.ts'
import type { Context } from '../../gateway/context.ts'
import { readOperation } from '../../gateway/operation.ts'
import { isJson } from '../../platform/is-json.ts'
import type { FunctionRecord } from '../../store/functions.ts'
import { payloadNotJson, payloadTooLarge, unavailable } from './errors.ts'
import { findNamed, targetOf } from './lookup.ts'
import { LATEST } from './names.ts'

/** @see https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html */
const MAX_EVENT_BYTES = 1_048_576

const EMPTY_EVENT = Buffer.from('{}')

/**
 * Runs a function and answers what it did; as an Event, puts it in the queue and answers at once; as a DryRun, says
 * that it may be run. Nothing here is changed, so that no transaction is open while the function runs.
 *
 * @see https://docs.aws.amazon.com/lambda/latest/api/API_Invoke.html
 */
export const Invoke = readOperation<InvocationRequest, InvocationResponse, FunctionRecord>({
  action: 'lambda:InvokeFunction',
  readOnly: false,
  resource: findNamed,
  target: targetOf,

  async run(input, ctx, found) {
    refuseUnavailable(input)
    const payload = payloadOf(input.Payload)
    switch (input.InvocationType ?? 'RequestResponse') {
      case 'DryRun':
        return { StatusCode: 204 }
      case 'Event':
        if (payload.length > MAX_EVENT_BYTES) throw payloadTooLarge(MAX_EVENT_BYTES)
        await ctx.queue(newEventJob(ctx, found, payload))
        return { StatusCode: 202 }
      default:
        return invoke(ctx, found, payload, input.LogType === 'Tail')
    }
  },
})

async function invoke(
  ctx: Context,
  { arn }: FunctionRecord,
  payload: Uint8Array,
  showsLog: boolean,
): Promise<InvocationResponse> {
  const result = await ctx.functions.invoke({ functionArn: arn, payload })
  return {
    StatusCode: 200,
    ExecutedVersion: LATEST,
    // The SDK's type has a method that its wire form does not.
    Payload: Object.assign(result.payload, {
      transformToString: () => Buffer.from(result.payload).toString(),
    }),
    ...(result.functionError && { FunctionError: result.functionError }),
    ...(showsLog && { LogResult: Buffer.from(result.logTail).toString('base64') }),
  }
}

/** @throws InvalidRequestContentException for what is no JSON, and repeats nothing of it */
function payloadOf(payload: Uint8Array | undefined): Uint8Array {
  if (payload === undefined || payload.length === 0) return EMPTY_EVENT
  if (!isJson(payload)) throw payloadNotJson()
  return payload
}

function refuseUnavailable({ ClientContext, DurableExecutionName, TenantId }: InvocationRequest): void {
  if (ClientContext) throw unavailable('ClientContext')
  if (DurableExecutionName !== undefined) throw unavailable('DurableExecutionName')
  if (TenantId !== undefined) throw unavailable('TenantId')
}
