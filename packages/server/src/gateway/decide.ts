import type { AwsError } from '@lockstep/wire'
import { Recent } from '../platform/recent.ts'
import { type CompiledPolicy, compilePolicy } from '../policy/compile.ts'
import { denialSentence } from '../policy/denial-sentence.ts'
import { type Ask, evaluate, type PolicySet } from '../policy/evaluate.ts'
import { parsePolicy } from '../policy/parse.ts'
import type { PrincipalView } from '../policy/principals.ts'
import type { Decoded } from './call.ts'
import { keysOf } from './condition-keys.ts'
import type { Check, Target } from './context.ts'
import { accessDenied } from './errors.ts'
import type { Principal } from './principal.ts'

/** Policies of either kind kept compiled. */
const COMPILED_KEPT = 1_000

/** Asks the policies on behalf of a call. Keeps the resource policies it met compiled. */
export class Decider {
  /** By their text, which may stand for two policies. */
  readonly #compiled = {
    trust: new Recent<CompiledPolicy>(COMPILED_KEPT),
    resource: new Recent<CompiledPolicy>(COMPILED_KEPT),
  }

  /** AWS's AccessDenied for this question, or nothing where it is allowed. */
  refusal(call: Decoded, check: Check): AwsError | undefined {
    const { target, action } = check
    const { principal } = call
    const resource = this.#resourcePolicy(target)
    const ask: Ask = {
      action,
      resource: target.arn,
      resourceAccount: target.account,
      principal: viewOf(principal),
      key: keysOf(call, check),
    }
    const policies: PolicySet = {
      identity: principal.identity,
      ...(principal.boundary && { boundary: principal.boundary }),
      ...(principal.sessionPolicies && { session: principal.sessionPolicies }),
      ...(resource && { resource }),
      resourceKind: target.policyKind ?? 'standard',
    }
    const decision = evaluate(ask, policies)
    if (decision.allowed) return undefined
    if (target.granted && decision.kind === 'implicit' && leaveRoom(ask, policies)) return undefined
    const shownAs = target.shownAs === undefined ? target.arn : target.shownAs
    const refused = { principalArn: principal.arn, action, decision }
    return accessDenied(
      call.service,
      denialSentence(shownAs === null ? refused : { ...refused, resource: shownAs }),
    )
  }

  #resourcePolicy({ policy, policyKind }: Target): CompiledPolicy | undefined {
    if (policy === undefined) return undefined
    const kind = policyKind === 'trust' ? 'trust' : 'resource'
    const known = this.#compiled[kind].get(policy)
    if (known) return known
    const compiled = compilePolicy(parsePolicy(policy, kind))
    this.#compiled[kind].set(policy, compiled)
    return compiled
  }
}

const EVERYTHING = compilePolicy(
  parsePolicy(
    '{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"*","Resource":"*"}}',
    'identity',
  ),
)

/**
 * Whether boundary and session policies leave room for what a grant allows. They bind a role's session, as
 * they do where a resource policy names the role; a user whom a resource policy names they do not bind.
 *
 * @see https://docs.aws.amazon.com/IAM/latest/UserGuide/access_policies_boundaries.html
 */
function leaveRoom(ask: Ask, { boundary, session }: PolicySet): boolean {
  const { principal } = ask
  if (principal.kind !== 'role-session') return true
  return evaluate(
    { ...ask, resourceAccount: principal.account },
    {
      identity: [EVERYTHING],
      ...(boundary && { boundary }),
      ...(session && { session }),
      resourceKind: 'standard',
    },
  ).allowed
}

/** The caller as the policy language tells callers apart. */
function viewOf(principal: Principal): PrincipalView {
  const { arn, account, userId, session } = principal
  if (principal.kind === 'anonymous') return { kind: 'anonymous' }
  if (principal.kind === 'root') return { kind: 'root', arn, account }
  if (session?.role === undefined) return { kind: 'user', arn, account, id: userId }
  const { arn: roleArn, id: roleId } = session.role
  return { kind: 'role-session', arn, account, id: userId, roleArn, roleId }
}
