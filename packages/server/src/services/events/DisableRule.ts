import type { DisableRuleRequest } from '@aws-sdk/client-eventbridge'
import { writeOperation } from '../../gateway/operation.ts'
import type { Rule } from '../../store/rules.ts'
import { onRule } from './on-rule.ts'
import { setState } from './set-state.ts'

/** @see https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_DisableRule.html */
export const DisableRule = writeOperation<DisableRuleRequest, object, Rule>({
  ...onRule('DisableRule', ({ Name, EventBusName }) => ({ name: Name, bus: EventBusName })),
  run: (_input, ctx, rule) => setState(ctx, rule, 'DISABLED'),
})
