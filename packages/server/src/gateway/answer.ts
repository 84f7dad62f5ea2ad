import {
  AwsError,
  encodeEc2,
  encodeError,
  encodeJson,
  encodeQuery,
  encodeRest,
  type OperationModel,
} from '@lockstep/wire'
import type { Logger } from '../platform/logger.ts'
import type { Metrics } from '../platform/metrics.ts'
import { StoreUnavailable } from '../store/unavailable.ts'
import type { Call, Facts, Received, Reply } from './call.ts'
import { internalFailure, serviceUnavailable } from './errors.ts'
import { jsonTypeOf, protocolOf } from './protocol.ts'
import type { Next } from './step.ts'

/**
 * The outermost room: turns what the operation answers, or the error that ended the call, into bytes.
 * An error that is not AWS's own is logged under the request id and leaves as InternalFailure.
 */
export function answer(
  inner: Next<Call>,
  { logger, metrics }: { readonly logger: Logger; readonly metrics: Metrics },
): (received: Received) => Promise<Reply> {
  return async (received) => {
    const facts: Facts = { readOnly: true, inner: [], recorded: false, summed: false }
    const stop = metrics.stopwatch()
    let code = 'ok'
    try {
      const output = await inner({ received, facts })
      return success(facts, output, received.requestId)
    } catch (error) {
      const awsError = asAwsError(error, received.requestId, logger)
      code = awsError.code
      return failure(facts, awsError, received)
    } finally {
      // Names of our own models only: a caller cannot make up a label.
      const labels = `service="${facts.service?.name ?? 'none'}",operation="${facts.operation?.name ?? 'none'}"`
      stop(labels)
      metrics.count('lockstep_calls_total', `${labels},code="${code}"`)
    }
  }
}

/** The error to answer with; what is not AWS's own goes to the log and no further. */
export function asAwsError(error: unknown, requestId: string, logger: Logger): AwsError {
  if (error instanceof AwsError) return error
  if (error instanceof StoreUnavailable) {
    // The store's own log says once what is wrong; thousands of calls may meet it.
    logger.warn('call.unavailable', { requestId, reason: error.reason })
    return serviceUnavailable()
  }
  logger.error('call.failed', { requestId, error })
  return internalFailure()
}

function success(facts: Facts, output: object, requestId: string): Reply {
  const { operation } = facts
  if (!operation) throw new Error('a call was answered that names no operation')
  if (operation.http) {
    const { headers, ...answered } = encodeRest(operation, output)
    return { ...answered, headers: { ...headers, 'x-amzn-RequestId': requestId } }
  }
  const { type, body } = bodyOf(operation, output, requestId)
  return { status: 200, headers: { 'content-type': type, 'x-amzn-RequestId': requestId }, body }
}

function bodyOf(
  operation: OperationModel,
  output: object,
  requestId: string,
): { readonly type: string; readonly body: Uint8Array } {
  switch (operation.service.protocol) {
    case 'query':
      return { type: 'text/xml', body: encodeQuery(operation, output, requestId) }
    case 'ec2':
      return { type: 'text/xml;charset=UTF-8', body: encodeEc2(operation, output, requestId) }
    default:
      return { type: 'application/x-amz-json-1.1', body: encodeJson(operation, output) }
  }
}

function failure({ service }: Facts, error: AwsError, received: Received): Reply {
  const { requestId } = received
  if (service) return encodeError(service, service.protocol, error, requestId)
  const protocol = protocolOf(received)
  const reply = encodeError(undefined, protocol, error, requestId)
  const type = protocol === 'json' ? jsonTypeOf(received) : undefined
  return type === undefined ? reply : { ...reply, headers: { ...reply.headers, 'content-type': type } }
}
