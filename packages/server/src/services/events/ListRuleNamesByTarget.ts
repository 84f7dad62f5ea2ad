import type { ListRuleNamesByTargetRequest, ListRuleNamesByTargetResponse } from '@aws-sdk/client-eventbridge'
import { readOperation } from '../../gateway/operation.ts'
import { readPage } from '../../gateway/paging.ts'
import { invalidNextToken } from './errors.ts'
import { demandDefaultBus } from './event-bus.ts'
import { everyRule } from './on-rule.ts'

const DEFAULT_LIMIT = 100

/**
 * Lists the rules that tell one target.
 *
 * @see https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_ListRuleNamesByTarget.html
 */
export const ListRuleNamesByTarget = readOperation<
  ListRuleNamesByTargetRequest,
  ListRuleNamesByTargetResponse
>({
  action: 'events:ListRuleNamesByTarget',
  target: (_input, ctx) => everyRule(ctx),

  async run({ TargetArn, EventBusName, NextToken, Limit = DEFAULT_LIMIT }, ctx) {
    demandDefaultBus(EventBusName, ctx)
    const { items, next } = await readPage(
      ctx,
      {
        of: ['ListRuleNamesByTarget', TargetArn],
        token: NextToken,
        limit: Limit,
        fetch: (page) => ctx.store.rules.ruleNamesByTarget(ctx, TargetArn, page),
        cursor: (name) => name,
      },
      invalidNextToken,
    )
    return { RuleNames: [...items], NextToken: next }
  },
})
