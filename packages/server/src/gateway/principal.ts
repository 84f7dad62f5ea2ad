import type { CompiledPolicy } from '../policy/compile.ts'

/** Key -> value, as attached to a user, role, session, secret or key. */
export type Tags = Readonly<Record<string, string>>

/** Who signed a call, with everything that policies may ask about them. */
export interface Principal {
  /** `anonymous` came by a link, unsigned: see {@link ANONYMOUS}. */
  readonly kind: 'root' | 'user' | 'role-session' | 'user-session' | 'anonymous'
  /** As policies and GetCallerIdentity show it; a role session is `arn:…:sts::A:assumed-role/R/SESSION`. */
  readonly arn: string
  readonly account: string
  /** AIDA…, `AROA…:session`, or the account id for root: IAM's aws:userid. */
  readonly userId: string
  /** The IAM user's friendly name; absent for roles and root. */
  readonly userName?: string
  readonly accessKeyId: string
  readonly tags: Tags
  readonly session?: Session
  readonly identity: readonly CompiledPolicy[]
  readonly boundary?: readonly CompiledPolicy[]
  readonly sessionPolicies?: readonly CompiledPolicy[]
}

/** What only temporary credentials have. */
interface Session {
  readonly issuedAt: Date
  readonly expiresAt: Date
  readonly mfa: boolean
  readonly sourceIdentity?: string
  /** Session tags that pass on to the next role of a chain. */
  readonly transitiveTagKeys: readonly string[]
  /** The role behind a role session. */
  readonly role?: { readonly arn: string; readonly id: string; readonly name: string }
  /** The RoleSessionName of a role session. */
  readonly name?: string
}

/**
 * Whoever follows a link that a notice carries. No policy is asked: what the link carries is the permission, and
 * only operations that say `byLink` take it for one.
 */
export const ANONYMOUS: Principal = {
  kind: 'anonymous',
  arn: '*',
  account: '',
  userId: '',
  accessKeyId: '',
  tags: {},
  identity: [],
}
