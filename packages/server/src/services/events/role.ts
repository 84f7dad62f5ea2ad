import { parseArn } from '@lockstep/wire'
import type { Check } from '../../gateway/context.ts'

/**
 * Who gives a role to EventBridge must be allowed to.
 *
 * DIVERGENCE: the role is kept and shown; deliveries go by the function's or topic's own policy, as they do in AWS for
 * targets of these kinds.
 *
 * @see https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_use_passrole.html
 */
export function passRole(roleArn: string | undefined): readonly Check[] {
  if (roleArn === undefined) return []
  return [
    {
      action: 'iam:PassRole',
      target: { arn: roleArn, account: parseArn(roleArn)?.account ?? '' },
      keys: { 'iam:PassedToService': 'events.amazonaws.com' },
    },
  ]
}
