import { AwsError } from '@lockstep/wire'

/** @see https://docs.aws.amazon.com/AWSEC2/latest/APIReference/errors-overview.html */

export function noSuchInstances(ids: readonly string[]): AwsError {
  const sentence =
    ids.length === 1
      ? `The instance ID '${ids[0]}' does not exist`
      : `The instance IDs '${ids.join(', ')}' do not exist`
  return new AwsError('InvalidInstanceID.NotFound', sentence)
}

export function malformedInstanceId(id: string): AwsError {
  const hint = id.startsWith('i-') ? '' : ' (expecting "i-...")'
  return new AwsError('InvalidInstanceID.Malformed', `Invalid id: "${id}"${hint}`)
}

/** Tags of anything but an instance. */
export function invalidId(id: string): AwsError {
  return new AwsError('InvalidID', `The ID '${id}' is not valid`)
}

export function tooManyIds(count: number, max: number): AwsError {
  const sentence = `${count} exceeds the maximum number of instance IDs that can be specified (${max}).`
  return new AwsError('InvalidRequest', sentence)
}

export function missingParameter(name: string): AwsError {
  return new AwsError('MissingParameter', `The request must contain the parameter ${name}`)
}

export function invalidValue(sentence: string): AwsError {
  return new AwsError('InvalidParameterValue', sentence)
}

export function notTogether(one: string, other: string): AwsError {
  return new AwsError(
    'InvalidParameterCombination',
    `The parameter ${one} cannot be used with the parameter ${other}`,
  )
}

export function invalidFilter(name: string): AwsError {
  return invalidValue(`The filter '${name}' is invalid`)
}

export function tooManyFilterValues(max: number): AwsError {
  const sentence = `The maximum number of filter values specified on a single call is ${max}`
  return new AwsError('FilterLimitExceeded', sentence)
}

export function invalidToken(): AwsError {
  return new AwsError('InvalidPaginationToken', 'The specified pagination token is not valid or is expired.')
}

export function tooManyTags(): AwsError {
  return new AwsError('TagLimitExceeded', 'The maximum number of Tags for a resource has been reached.')
}

/** What a permitted call answers that asks for no more than whether it is. */
export function wouldHaveSucceeded(): AwsError {
  return new AwsError('DryRunOperation', 'Request would have succeeded, but DryRun flag is set.', 412)
}
