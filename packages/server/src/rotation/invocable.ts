import { findFunction, parseFunctionArn } from '../functions/find-function.ts'
import { compilePolicy } from '../policy/compile.ts'
import { parsePolicy } from '../policy/parse.ts'
import { admitsService } from '../policy/service-principal.ts'
import type { FunctionReader, FunctionRecord } from '../store/functions.ts'
import type { Secret } from '../store/secrets.ts'

/** The function that a rotation function's ARN names, if it exists. */
export async function rotationFunction(
  functions: FunctionReader,
  arn: string,
): Promise<FunctionRecord | undefined> {
  const id = parseFunctionArn(arn)
  return id && findFunction(functions, id.place, id.partition, id.name)
}

/**
 * Whether Secrets Manager may invoke a function for the sake of a secret: only the function's own policy can say so.
 *
 * @see https://docs.aws.amazon.com/secretsmanager/latest/userguide/rotating-secrets-required-permissions-function.html
 */
export function mayInvoke(record: FunctionRecord, secret: Pick<Secret, 'arn' | 'account'>): boolean {
  const bound = record.policy?.bound
  return admitsService(bound === undefined ? undefined : compilePolicy(parsePolicy(bound, 'resource')), {
    service: 'secretsmanager.amazonaws.com',
    action: 'lambda:InvokeFunction',
    resource: record.arn,
    resourceAccount: record.account,
    sourceArn: secret.arn,
    sourceAccount: secret.account,
  })
}
