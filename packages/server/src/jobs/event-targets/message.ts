import type { TargetPlace } from '../../bus/rule-arn.ts'
import { compilePolicy } from '../../policy/compile.ts'
import { parsePolicy } from '../../policy/parse.ts'
import { admitsService } from '../../policy/service-principal.ts'
import { DeliveryRefused } from './delivery-refused.ts'

const SERVICE = 'events.amazonaws.com'

/** What one target is told, and for which rule's sake. */
export interface EventMessage {
  readonly target: TargetPlace
  /** JSON, or lines of texts that a template made. */
  readonly text: string
  readonly ruleArn: string
  readonly ruleAccount: string
}

/**
 * Demands that the target's own policy lets EventBridge do this for the rule's sake.
 * @throws DeliveryRefused
 */
export function demandAdmitted(
  policy: string | undefined,
  asked: { readonly action: string; readonly arn: string },
  { target, ruleArn, ruleAccount }: EventMessage,
): void {
  const compiled = policy === undefined ? undefined : compilePolicy(parsePolicy(policy, 'resource'))
  const ask = {
    service: SERVICE,
    action: asked.action,
    resource: asked.arn,
    resourceAccount: target.account,
    sourceArn: ruleArn,
    sourceAccount: ruleAccount,
  }
  if (!admitsService(compiled, ask)) throw new DeliveryRefused('NO_PERMISSIONS')
}
