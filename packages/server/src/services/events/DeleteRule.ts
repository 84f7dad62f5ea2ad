import type { DeleteRuleRequest } from '@aws-sdk/client-eventbridge'
import { FIRE_RULE } from '../../bus/firing.ts'
import { writeOperation } from '../../gateway/operation.ts'
import type { Rule } from '../../store/rules.ts'
import { invalid } from './errors.ts'
import { findRule, ruleKeys, ruleTarget } from './on-rule.ts'

/**
 * Removes a rule that has no targets. One that is not there does not matter.
 *
 * @see https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_DeleteRule.html
 */
export const DeleteRule = writeOperation<DeleteRuleRequest, object, { readonly existing: Rule | undefined }>({
  action: 'events:DeleteRule',
  resource: async (input, ctx) => ({
    existing: await findRule(ctx, { name: input.Name, bus: input.EventBusName }),
  }),
  target: (input, ctx, found) => ruleTarget(ctx, input.Name, found?.existing),
  keys: (_input, _ctx, found) => ruleKeys(found?.existing),

  async run({ Name }, ctx) {
    const { rules, jobs } = ctx.store
    if ((await rules.targets(ctx, Name)).length > 0)
      throw invalid("Rule can't be deleted since it has targets.")
    await rules.removeRule(ctx, Name)
    await jobs.cancel(ctx, FIRE_RULE, Name)
    return {}
  },
})
