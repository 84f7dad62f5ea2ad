import { AwsError, type OperationModel, type Protocol, type ServiceModel } from '@lockstep/wire'
import { largerBody } from './body-limit.ts'

/** Whatever is not an AwsError leaves as this: the request id finds the cause in the log, nothing else tells. */
export function internalFailure(): AwsError {
  return new AwsError(
    'InternalFailure',
    'The request processing has failed because of an unknown error, exception or failure.',
    500,
  )
}

/** The trail, or the store under it, cannot be written; no secret leaves and no change counts. */
export function serviceUnavailable(): AwsError {
  return new AwsError(
    'ServiceUnavailable',
    'The request has failed due to a temporary failure of the server.',
    503,
  )
}

export function unknownOperation(status: 400 | 404 = 400): AwsError {
  return new AwsError('UnknownOperationException', '', status)
}

/** The Query protocol's answer to an action its API version does not have. */
export function invalidAction(action: string, version: string): AwsError {
  return new AwsError('InvalidAction', `Could not find operation ${action} for version ${version}`)
}

export function missingAction(): AwsError {
  return new AwsError('MissingAction', 'The request must contain the parameter Action.')
}

export function bodyTooLarge(operation?: OperationModel): AwsError {
  const larger = operation && largerBody(operation)
  if (larger) {
    const sentence = `Request must be smaller than ${larger.maxBytes} bytes for the ${larger.shownAs} operation`
    return new AwsError(larger.refusal, sentence, 413)
  }
  return new AwsError('RequestEntityTooLargeException', 'Request body exceeds the maximum size allowed.', 413)
}

export function throttled(protocol: Protocol): AwsError {
  if (protocol === 'rest-json') return new AwsError('TooManyRequestsException', 'Rate exceeded', 429)
  return new AwsError(protocol === 'query' ? 'Throttling' : 'ThrottlingException', 'Rate exceeded')
}

export function accessDenied(service: ServiceModel, sentence: string): AwsError {
  if (service.name === 'sns') return new AwsError('AuthorizationError', sentence, 403)
  if (service.protocol === 'query') return new AwsError('AccessDenied', sentence, 403)
  return new AwsError('AccessDeniedException', sentence, service.protocol === 'rest-json' ? 403 : 400)
}
