import type { DescribeRuleRequest, DescribeRuleResponse } from '@aws-sdk/client-eventbridge'
import { readOperation } from '../../gateway/operation.ts'
import type { Rule } from '../../store/rules.ts'
import { onRule } from './on-rule.ts'
import { ruleView } from './view.ts'

/** @see https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_DescribeRule.html */
export const DescribeRule = readOperation<DescribeRuleRequest, DescribeRuleResponse, Rule>({
  ...onRule('DescribeRule', ({ Name, EventBusName }) => ({ name: Name, bus: EventBusName })),
  run: async (_input, _ctx, rule) => ({ ...ruleView(rule), CreatedBy: rule.account }),
})
