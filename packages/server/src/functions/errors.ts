import { AwsError } from '@lockstep/wire'

export function functionNotFound(arn: string): AwsError {
  return new AwsError('ResourceNotFoundException', `Function not found: ${arn}`, 404)
}

export function tooManyRequests(): AwsError {
  return new AwsError('TooManyRequestsException', 'Rate Exceeded.', 429)
}

/** @see https://docs.aws.amazon.com/lambda/latest/api/API_CreateFunction.html */
export function roleNotAssumable(): AwsError {
  return new AwsError(
    'AccessDeniedException',
    'The role defined for the function cannot be assumed by Lambda.',
    403,
  )
}

export function sessionTooLarge(): AwsError {
  return new AwsError('InvalidParameterValueException', 'The session policy of the invocation is too large.')
}

/** @see https://docs.aws.amazon.com/lambda/latest/api/API_Invoke.html */
export function badZip(reason: string): AwsError {
  return new AwsError(
    'InvalidZipFileException',
    `Lambda could not unzip the deployment package: ${reason}`,
    500,
  )
}

export function badRuntime(runtime: string): AwsError {
  return new AwsError('InvalidRuntimeException', `The runtime ${runtime} cannot be run by this server.`, 500)
}

/** Said to whoever runs the server as much as to the caller. */
export function notConfined(): AwsError {
  return new AwsError(
    'ServiceException',
    'This server cannot keep functions from its own files, and was not told to run them all the same: see --function-user and --insecure-functions.',
    500,
  )
}
