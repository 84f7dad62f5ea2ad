import type { Environment } from '@aws-sdk/client-lambda'
import { sealVariables } from '../../functions/environment.ts'
import type { Context } from '../../gateway/context.ts'
import { environmentTooLarge, invalidVariable, reservedVariables } from './errors.ts'

/** Of the variables as JSON. @see https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html */
const MAX_ENVIRONMENT_BYTES = 4_096

/** @see https://docs.aws.amazon.com/lambda/latest/dg/configuration-envvars.html#configuration-envvars-runtime */
const RESERVED: ReadonlySet<string> = new Set([
  '_HANDLER',
  '_X_AMZN_TRACE_ID',
  'AWS_ACCESS_KEY',
  'AWS_ACCESS_KEY_ID',
  'AWS_DEFAULT_REGION',
  'AWS_EXECUTION_ENV',
  'AWS_LAMBDA_FUNCTION_MEMORY_SIZE',
  'AWS_LAMBDA_FUNCTION_NAME',
  'AWS_LAMBDA_FUNCTION_VERSION',
  'AWS_LAMBDA_INITIALIZATION_TYPE',
  'AWS_LAMBDA_LOG_GROUP_NAME',
  'AWS_LAMBDA_LOG_STREAM_NAME',
  'AWS_LAMBDA_RUNTIME_API',
  'AWS_REGION',
  'AWS_SECRET_ACCESS_KEY',
  'AWS_SESSION_TOKEN',
  'LAMBDA_RUNTIME_DIR',
  'LAMBDA_TASK_ROOT',
])

/**
 * The variables as a record keeps them; nothing where there are none.
 * @throws InvalidParameterValueException, which repeats no value
 */
export function sealedEnvironment(
  ctx: Context,
  arn: string,
  { Variables = {} }: Environment,
): Uint8Array | undefined {
  const names = Object.keys(Variables)
  if (names.length === 0) return undefined
  const reserved = names.filter((name) => RESERVED.has(name))
  if (reserved.length > 0) throw reservedVariables(reserved)
  if (Object.values(Variables).some((value) => value.includes('\0'))) throw invalidVariable()
  if (Buffer.byteLength(JSON.stringify(Variables)) > MAX_ENVIRONMENT_BYTES) throw environmentTooLarge()
  return sealVariables(Variables, arn, ctx.keyring)
}
