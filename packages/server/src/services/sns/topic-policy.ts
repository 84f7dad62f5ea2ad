import { bindPolicy, unbound } from '../../gateway/bound-policy.ts'
import type { Context } from '../../gateway/context.ts'
import { PolicySyntaxError } from '../../policy/faults.ts'
import { parsePolicy } from '../../policy/parse.ts'
import type { Policy } from '../../policy/policy.ts'
import type { BoundPolicy } from '../../store/bound-policy.ts'
import { invalidParameter } from './errors.ts'

/** @see https://docs.aws.amazon.com/sns/latest/dg/sns-access-policy-language-api-permissions-reference.html */
const OWNERS_ACTIONS = [
  'SNS:GetTopicAttributes',
  'SNS:SetTopicAttributes',
  'SNS:AddPermission',
  'SNS:RemovePermission',
  'SNS:DeleteTopic',
  'SNS:Subscribe',
  'SNS:ListSubscriptionsByTopic',
  'SNS:Publish',
]

/** The policy that AWS makes with a topic. Its condition is met by some services of the owner's, by no principal. */
export function defaultPolicy(arn: string, account: string): BoundPolicy {
  return unbound(
    JSON.stringify({
      Version: '2008-10-17',
      Id: '__default_policy_ID',
      Statement: [
        {
          Sid: '__default_statement_ID',
          Effect: 'Allow',
          Principal: { AWS: '*' },
          Action: OWNERS_ACTIONS,
          Resource: arn,
          Condition: { StringEquals: { 'AWS:SourceOwner': account } },
        },
      ],
    }),
  )
}

/** Reads a topic's policy as a caller gives it. @throws InvalidParameter */
export async function readTopicPolicy(ctx: Context, document: string): Promise<BoundPolicy> {
  const policy = parse(document)
  const actions = policy.statements.flatMap((statement) => statement.actions.patterns)
  if (!actions.every((action) => /^sns:/i.test(action))) {
    throw invalidParameter('Policy statement action out of service scope!')
  }
  return bindPolicy(ctx, document, policy, () => invalidParameter('Policy Error: PrincipalNotFound'))
}

function parse(document: string): Policy {
  try {
    return parsePolicy(document, 'resource')
  } catch (error) {
    if (!(error instanceof PolicySyntaxError)) throw error
    throw invalidParameter('Policy Error: null')
  }
}
