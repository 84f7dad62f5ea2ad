import { AwsError } from '@lockstep/wire'
import { DEFAULT_BUS } from '../../bus/rule-arn.ts'

export function busNotFound(name: string): AwsError {
  return new AwsError('ResourceNotFoundException', `Event bus ${name} does not exist.`)
}

export function ruleNotFound(name: string): AwsError {
  return new AwsError('ResourceNotFoundException', `Rule ${name} does not exist on EventBus ${DEFAULT_BUS}.`)
}

/** Of an ARN of something that has no tags here, such as an archive. */
export function resourceNotFound(arn: string): AwsError {
  return new AwsError('ResourceNotFoundException', `Resource ${arn} does not exist.`)
}

export function invalidPattern(reason: string): AwsError {
  return new AwsError('InvalidEventPatternException', `Event pattern is not valid. Reason: ${reason}`)
}

export function limitExceeded(): AwsError {
  return new AwsError('LimitExceededException', 'The requested resource exceeds the maximum number allowed.')
}

export function invalid(sentence: string): AwsError {
  return new AwsError('ValidationException', sentence)
}

export function invalidNextToken(): AwsError {
  return invalid('Parameter NextToken is not valid.')
}
