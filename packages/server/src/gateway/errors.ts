import { AwsError, type Protocol, type ServiceModel } from '@lockstep/wire'

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

export function bodyTooLarge(): AwsError {
  return new AwsError('RequestEntityTooLargeException', 'Request body exceeds the maximum size allowed.', 413)
}

export function throttled(protocol: Protocol): AwsError {
  return new AwsError(protocol === 'query' ? 'Throttling' : 'ThrottlingException', 'Rate exceeded')
}

export function accessDenied(service: ServiceModel, sentence: string): AwsError {
  if (service.name === 'sns') return new AwsError('AuthorizationError', sentence, 403)
  return service.protocol === 'query'
    ? new AwsError('AccessDenied', sentence, 403)
    : new AwsError('AccessDeniedException', sentence)
}
