import type { CompiledPolicy } from './compile.ts'
import { evaluate } from './evaluate.ts'

/** One question of a service of ours: may it do this, for that resource's sake, to another resource? */
export interface ServiceAsk {
  /** `secretsmanager.amazonaws.com` */
  readonly service: string
  /** `lambda:InvokeFunction` */
  readonly action: string
  /** The ARN of what is to be touched, and the account that owns it. */
  readonly resource: string
  readonly resourceAccount: string
  /** For whose sake: `aws:SourceArn` and `aws:SourceAccount`. */
  readonly sourceArn: string
  readonly sourceAccount: string
}

/**
 * Whether the resource's own policy lets a service in: nothing else can, for a service has no identity policies.
 *
 * @see https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_principal.html#principal-services
 */
export function admitsService(policy: CompiledPolicy | undefined, ask: ServiceAsk): boolean {
  const keys: Readonly<Record<string, string>> = {
    'aws:sourcearn': ask.sourceArn,
    'aws:sourceaccount': ask.sourceAccount,
    'aws:principalisawsservice': 'true',
    'aws:principalservicename': ask.service,
    'aws:resourceaccount': ask.resourceAccount,
  }
  return evaluate(
    {
      action: ask.action,
      resource: ask.resource,
      resourceAccount: ask.resourceAccount,
      principal: { kind: 'service', service: ask.service },
      key: (name) => (Object.hasOwn(keys, name) ? [keys[name] ?? ''] : undefined),
    },
    { identity: [], ...(policy && { resource: policy }), resourceKind: 'standard' },
  ).allowed
}
