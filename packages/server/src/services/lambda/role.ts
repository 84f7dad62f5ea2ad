import { parseArn } from '@lockstep/wire'
import type { Check, Context } from '../../gateway/context.ts'
import { compilePolicy } from '../../policy/compile.ts'
import { parsePolicy } from '../../policy/parse.ts'
import { admitsService } from '../../policy/service-principal.ts'
import type { Role } from '../../store/principals.ts'
import { foreignRole, notAssumable } from './errors.ts'

const LAMBDA = 'lambda.amazonaws.com'

/** The role of the caller's account with this ARN, path and all; nothing where there is none. */
export async function findRole(ctx: Context, arn: string): Promise<Role | undefined> {
  const { account, partition, resource = '' } = parseArn(arn) ?? {}
  const [, path, name] = /^role(\/(?:.*\/)?)([^/]+)$/.exec(resource) ?? []
  if (account !== ctx.account || partition !== ctx.partition || name === undefined) return undefined
  const role = await ctx.store.principals.find(account, 'role', name)
  return role?.name === name && role.path === path ? role : undefined
}

/**
 * Who hands a role to a function must be allowed to: through the function he has its permissions.
 *
 * @param role What {@link findRole} found; that it does not exist is not told before.
 * @see https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_use_passrole.html
 */
export function passRole(ctx: Context, arn: string, role: Role | undefined, functionArn: string): Check {
  return {
    action: 'iam:PassRole',
    target: { arn, account: parseArn(arn)?.account ?? ctx.account, tags: role?.tags },
    keys: { 'iam:PassedToService': LAMBDA, 'iam:AssociatedResourceArn': functionArn },
  }
}

/** @throws InvalidParameterValueException for a role that does not exist or does not trust Lambda */
export function demandAssumable(
  ctx: Context,
  arn: string,
  role: Role | undefined,
  functionArn: string,
): void {
  if (parseArn(arn)?.account !== ctx.account) throw foreignRole()
  if (!role) throw notAssumable()
  const trust = compilePolicy(parsePolicy(role.trust.bound, 'trust'))
  const isTrusted = admitsService(trust, {
    service: LAMBDA,
    action: 'sts:AssumeRole',
    resource: arn,
    resourceAccount: ctx.account,
    sourceArn: functionArn,
    sourceAccount: ctx.account,
  })
  if (!isTrusted) throw notAssumable()
}
