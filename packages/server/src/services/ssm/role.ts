import { formatArn } from '@lockstep/wire'
import type { Check, Context } from '../../gateway/context.ts'
import { compilePolicy } from '../../policy/compile.ts'
import { parsePolicy } from '../../policy/parse.ts'
import { admitsService } from '../../policy/service-principal.ts'
import type { Role } from '../../store/principals.ts'
import { untrustedRole } from './errors.ts'

const SSM = 'ssm.amazonaws.com'

/**
 * The role that nodes are to get, by its name with or without its path; nothing where there is none.
 * @param name As callers give it: `nodes`, `service-role/nodes`; never an ARN.
 */
export async function findRole(ctx: Context, name: string): Promise<Role | undefined> {
  const [, path = '', own = ''] = /^((?:.*\/)?)([^/]*)$/.exec(name) ?? []
  const role = await ctx.store.principals.find(ctx.account, 'role', own)
  return role?.name === own && (path === '' || role.path === `/${path.replace(/^\//, '')}`) ? role : undefined
}

/**
 * Whoever gives a role to machines must be allowed to: through them he has its permissions.
 *
 * @param role What {@link findRole} found; that it does not exist is not told before.
 * @see https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_use_passrole.html
 */
export function passRole(ctx: Context, name: string, role: Role | undefined): Check {
  return {
    action: 'iam:PassRole',
    target: { arn: arnOf(ctx, name, role), account: ctx.account, tags: role?.tags },
    keys: { 'iam:PassedToService': SSM },
  }
}

/** @throws ValidationException for a role that does not exist or does not trust Systems Manager */
export function demandTrust(ctx: Context, name: string, role: Role | undefined): Role {
  const arn = arnOf(ctx, name, role)
  if (!role) throw untrustedRole(arn)
  const isTrusted = admitsService(compilePolicy(parsePolicy(role.trust.bound, 'trust')), {
    service: SSM,
    action: 'sts:AssumeRole',
    resource: arn,
    resourceAccount: ctx.account,
    sourceArn: formatArn({ ...ctx, service: 'ssm', resource: '*' }),
    sourceAccount: ctx.account,
  })
  if (!isTrusted) throw untrustedRole(arn)
  return role
}

function arnOf({ partition, account }: Context, name: string, role: Role | undefined): string {
  const resource = role ? `role${role.path}${role.name}` : `role/${name}`
  return formatArn({ partition, service: 'iam', region: '', account, resource })
}
