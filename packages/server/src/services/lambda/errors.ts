import { AwsError } from '@lockstep/wire'

export function functionNotFound(arn: string): AwsError {
  return new AwsError('ResourceNotFoundException', `Function not found: ${arn}`)
}

export function unreachableRegion(theirs: string, ours: string): AwsError {
  return new AwsError(
    'ResourceNotFoundException',
    `Functions from '${theirs}' are not reachable in this region ('${ours}')`,
  )
}

export function functionExists(name: string): AwsError {
  return new AwsError('ResourceConflictException', `Function already exist: ${name}`)
}

/** DIVERGENCE: AWS has no built-in functions. Ours belong to the server, and whoever may do all changes none. */
export function builtInUnchangeable(): AwsError {
  return invalidParameter('A built-in function cannot be changed or deleted.')
}

export function qualifierMismatch(): AwsError {
  return invalidParameter(
    'The derived qualifier from the function name does not match the specified qualifier.',
  )
}

export function functionsOnly(): AwsError {
  return invalidParameter(
    'This operation is permitted on Lambda functions only. Aliases and versions do not support this operation. Please specify either a function name or an unqualified function ARN.',
  )
}

export function nameTooLong(name: string): AwsError {
  return invalidParameter(
    `1 validation error detected: Value '${name}' at 'functionName' failed to satisfy constraint: Member must have length less than or equal to 64`,
  )
}

export function otherPlace(): AwsError {
  return invalidParameter('The function must be of your own account and of this region.')
}

export function latestUndeletable(): AwsError {
  return invalidParameter('$LATEST version cannot be deleted without deleting the function.')
}

export function staleRevision(api: 'GetFunction/GetAlias' | 'GetPolicy'): AwsError {
  return new AwsError(
    'PreconditionFailedException',
    `The Revision Id provided does not match the latest Revision Id. Call the ${api} API to retrieve the latest Revision Id`,
    412,
  )
}

export function runtimeAndHandlerMissing(): AwsError {
  return invalidParameter(
    'Runtime and Handler are mandatory parameters for functions created with deployment packages.',
  )
}

export function runtimeUnsupported(runtime: string): AwsError {
  return invalidParameter(
    `The runtime parameter of ${runtime} is no longer supported for creating or updating AWS Lambda functions. We recommend you use a supported runtime while creating or updating functions.`,
  )
}

/** DIVERGENCE: these exist in AWS and not here; what would be ignored is refused. */
export function unavailable(what: string): AwsError {
  return invalidParameter(`${what} is not available.`)
}

export function notAssumable(): AwsError {
  return invalidParameter('The role defined for the function cannot be assumed by Lambda.')
}

export function foreignRole(): AwsError {
  return new AwsError('AccessDeniedException', 'Cross-account pass role is not allowed.', 403)
}

// DIVERGENCE: AWS repeats the variables in this sentence; they may be credentials, and ours does not.
export function environmentTooLarge(): AwsError {
  return invalidParameter(
    'Lambda was unable to configure your environment variables because the environment variables you have provided exceeded the 4KB limit.',
  )
}

export function reservedVariables(names: readonly string[]): AwsError {
  return invalidParameter(
    `Lambda was unable to configure your environment variables because the environment variables you have provided contains reserved keys that are currently not supported for modification. Reserved keys used in this request: ${names.join(', ')}`,
  )
}

export function invalidVariable(): AwsError {
  return invalidParameter(
    'Lambda was unable to configure your environment variables because a value contains the character U+0000.',
  )
}

export function codeMissing(): AwsError {
  return invalidParameter('Please provide a source for function code.')
}

export function codeTwice(): AwsError {
  return invalidParameter('Please do not provide other FunctionCode parameters when providing a ZipFile.')
}

export function unzipFailed(): AwsError {
  return invalidParameter('Could not unzip uploaded file. Please check your file, then try to upload again.')
}

export function unzippedTooLarge(): AwsError {
  return invalidParameter('Unzipped size must be smaller than 262144000 bytes')
}

export function zippedTooLarge(): AwsError {
  return new AwsError(
    'RequestEntityTooLargeException',
    'Zipped size must be smaller than 52428800 bytes',
    413,
  )
}

export function noSuchBucket(): AwsError {
  return invalidParameter(
    'Error occurred while GetObject. S3 Error Code: NoSuchBucket. S3 Error Message: The specified bucket does not exist',
  )
}

/** What is not there and what lies elsewhere look alike: nobody learns what directories the server has. */
export function noSuchDirectory(): AwsError {
  return invalidParameter(
    'Error occurred while GetObject. S3 Error Code: NoSuchKey. S3 Error Message: The specified key does not exist.',
  )
}

export function tooManyTags(): AwsError {
  return invalidParameter('Number of tags exceeds resource tag limit.')
}

export function reservedTagKey(): AwsError {
  return invalidParameter('Tag keys that begin with aws: are reserved.')
}

export function duplicateTagKeys(): AwsError {
  return invalidParameter('Tag keys that differ in case alone are not allowed.')
}

export function untaggable(): AwsError {
  return invalidParameter(
    'Tags on function aliases and versions are not supported. Please specify a function ARN.',
  )
}

export function invalidMarker(): AwsError {
  return invalidParameter('The marker is invalid.')
}

export function payloadNotJson(): AwsError {
  // DIVERGENCE: AWS adds what its parser met, which quotes the payload.
  return new AwsError('InvalidRequestContentException', 'Could not parse request body into json.')
}

export function payloadTooLarge(maxBytes: number): AwsError {
  return new AwsError(
    'RequestTooLargeException',
    `Request must be smaller than ${maxBytes} bytes for the InvokeFunction operation`,
  )
}

export function noPolicy(): AwsError {
  return new AwsError('ResourceNotFoundException', 'The resource you requested does not exist.')
}

export function noPolicyOnFunction(): AwsError {
  return new AwsError('ResourceNotFoundException', 'No policy is associated with the given resource.')
}

export function noStatement(id: string): AwsError {
  return new AwsError('ResourceNotFoundException', `Statement ${id} is not found in resource policy.`)
}

export function statementExists(id: string): AwsError {
  return new AwsError(
    'ResourceConflictException',
    `The statement id (${id}) provided already exists. Please provide a new statement id, or remove the existing statement.`,
  )
}

export function invalidPrincipal(): AwsError {
  return invalidParameter('The provided principal was invalid. Please check the principal and try again.')
}

export function noPolicyOnLatest(): AwsError {
  return invalidParameter('We currently do not support adding policies for $LATEST.')
}

export function policyTooLong(bytes: number, maxBytes: number): AwsError {
  return new AwsError(
    'PolicyLengthExceededException',
    `The final policy size (${bytes}) is bigger than the limit (${maxBytes}).`,
  )
}

function invalidParameter(message: string): AwsError {
  return new AwsError('InvalidParameterValueException', message)
}
