import { applies, type CompiledPolicy, type ResourceNames } from './compile.ts'
import { type Grant, grantTo, type PrincipalView } from './principals.ts'
import type { KeyLookup } from './template.ts'

/** One question: may this principal do this to that? */
export interface Ask {
  /** `service:Action`, in any case. */
  readonly action: string
  /** The resource's canonical ARN, all of them where it goes by several, or `*` for an action on no resource. */
  readonly resource: ResourceNames
  /** The account that owns the resource; for `*` the caller's own. */
  readonly resourceAccount: string
  readonly principal: PrincipalView
  /** Context keys, looked up only when a policy asks. */
  readonly key: KeyLookup
}

/** Every policy that has a say in one question. */
export interface PolicySet {
  /** The user's and its groups', or the role's. */
  readonly identity: readonly CompiledPolicy[]
  /** Present when the principal has a boundary; an empty list then allows nothing. */
  readonly boundary?: readonly CompiledPolicy[]
  /** Present when session policies were passed; an empty list then allows nothing. */
  readonly session?: readonly CompiledPolicy[]
  /** The policy on the resource itself: of a secret, a key, a role. */
  readonly resource?: CompiledPolicy
  /** Keys and roles are closed to identity policies until their own policy opens them. */
  readonly resourceKind: 'standard' | 'kms-key' | 'trust'
}

export type PolicyType = 'identity' | 'resource' | 'boundary' | 'session'

export interface Denial {
  readonly allowed: false
  readonly kind: 'explicit' | 'implicit'
  /** The kind of policy that denied, or that failed to allow. */
  readonly by: PolicyType
  /** Whether caller and resource belong to different accounts: AWS then says less. */
  readonly crossAccount: boolean
  /** The denying policy, when it is a managed one. */
  readonly policyArn?: string
}

export type Decision = { readonly allowed: true } | Denial

const ALLOWED: Decision = { allowed: true }

/**
 * Decides a question. Deny by default; an explicit deny in any policy wins; README.md gives the order with
 * its reasons.
 *
 * @see https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic.html
 */
export function evaluate(ask: Ask, policies: PolicySet): Decision {
  const action = ask.action.toLowerCase()
  const identity = survey(policies.identity, action, ask)
  const boundary = policies.boundary && survey(policies.boundary, action, ask)
  const session = policies.session && survey(policies.session, action, ask)
  const resource = surveyResource(policies.resource, action, ask)

  if (typeof identity === 'object') return explicit('identity', ask, identity)
  if (typeof boundary === 'object') return explicit('boundary', ask, boundary)
  if (typeof session === 'object') return explicit('session', ask, session)
  if (typeof resource === 'object') return explicit('resource', ask, resource)

  const refused = refusal({ identity, boundary, session, resource }, ask, policies.resourceKind)
  return refused ? { allowed: false, kind: 'implicit', by: refused, crossAccount: isForeign(ask) } : ALLOWED
}

/** What each side said, once no explicit deny is among them. */
interface Voices {
  readonly identity: boolean
  readonly boundary: boolean | undefined
  readonly session: boolean | undefined
  readonly resource: Grant
}

/** The kind of policy that should have allowed and did not; undefined when the request is allowed. */
function refusal(voices: Voices, ask: Ask, resourceKind: PolicySet['resourceKind']): PolicyType | undefined {
  const { principal } = ask
  const grant = voices.resource
  if (principal.kind === 'anonymous') return 'identity'
  // A service or an identity provider's guest has no identity policies: the resource alone can let it in.
  if (principal.kind === 'service' || principal.kind === 'federated')
    return grant === 'direct' ? undefined : 'resource'

  const foreign = principal.account !== ask.resourceAccount
  const mustBeNamed = foreign || resourceKind !== 'standard'
  if (principal.kind === 'root') return mustBeNamed && grant === 'none' ? 'resource' : undefined

  if (!foreign && grant === 'direct') return undefined
  if (!foreign && mustBeNamed && grant === 'none') return 'resource'
  if (!voices.identity && (foreign || grant !== 'role')) return 'identity'
  if (voices.boundary === false) return 'boundary'
  if (voices.session === false) return 'session'
  return foreign && grant === 'none' ? 'resource' : undefined
}

/** Whether the policies allow; the policy that denies, if one does. */
function survey(policies: readonly CompiledPolicy[], action: string, ask: Ask): boolean | CompiledPolicy {
  let allowed = false
  for (const policy of policies) {
    for (const statement of policy.statements) {
      // An allow already found makes further allows superfluous, never a deny.
      if (allowed && !statement.denies) continue
      if (!applies(statement, action, ask.resource, ask.key)) continue
      if (statement.denies) return policy
      allowed = true
    }
  }
  return allowed
}

const REACH: Readonly<Record<Grant, number>> = { none: 0, account: 1, role: 2, direct: 3 }

/** How far the resource's policy lets the principal in; the policy itself, if it denies. */
function surveyResource(
  policy: CompiledPolicy | undefined,
  action: string,
  ask: Ask,
): Grant | CompiledPolicy {
  let furthest: Grant = 'none'
  for (const statement of policy?.statements ?? []) {
    const grant = statement.principals ? grantTo(statement.principals, ask.principal) : 'none'
    if (grant === 'none' || (!statement.denies && REACH[grant] <= REACH[furthest])) continue
    if (!applies(statement, action, ask.resource, ask.key)) continue
    if (statement.denies && policy) return policy
    furthest = grant
  }
  return furthest
}

function explicit(by: PolicyType, ask: Ask, policy: CompiledPolicy): Denial {
  const crossAccount = isForeign(ask)
  return {
    allowed: false,
    kind: 'explicit',
    by,
    crossAccount,
    ...(policy.arn !== undefined && { policyArn: policy.arn }),
  }
}

function isForeign(ask: Ask): boolean {
  return 'account' in ask.principal && ask.principal.account !== ask.resourceAccount
}
