import type { EnableRuleRequest } from '@aws-sdk/client-eventbridge'
import { writeOperation } from '../../gateway/operation.ts'
import type { Rule } from '../../store/rules.ts'
import { onRule } from './on-rule.ts'
import { setState } from './set-state.ts'

/** @see https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_EnableRule.html */
export const EnableRule = writeOperation<EnableRuleRequest, object, Rule>({
  ...onRule('EnableRule', ({ Name, EventBusName }) => ({ name: Name, bus: EventBusName })),
  run: (_input, ctx, rule) => setState(ctx, rule, 'ENABLED'),
})
