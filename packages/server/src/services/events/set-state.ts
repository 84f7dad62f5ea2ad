import { queueFiring } from '../../bus/firing.ts'
import type { WriteContext } from '../../gateway/context.ts'
import type { Rule, RuleState } from '../../store/rules.ts'

/** Enables or disables a rule; a rate begins anew where it is enabled. */
export async function setState(ctx: WriteContext, rule: Rule, state: RuleState): Promise<object> {
  if (rule.state === state) return {}
  const now = ctx.clock.now()
  const scheduledFrom = rule.state === 'DISABLED' ? now : rule.scheduledFrom
  const changed = { ...rule, state, scheduledFrom }
  await ctx.store.rules.putRule(changed)
  await queueFiring(ctx.store, changed, now, ctx.random)
  return {}
}
