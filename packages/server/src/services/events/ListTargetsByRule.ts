import type { ListTargetsByRuleRequest, ListTargetsByRuleResponse } from '@aws-sdk/client-eventbridge'
import { readOperation } from '../../gateway/operation.ts'
import { readPage } from '../../gateway/paging.ts'
import type { Rule } from '../../store/rules.ts'
import { invalidNextToken } from './errors.ts'
import { onRule } from './on-rule.ts'
import { targetView } from './view.ts'

const DEFAULT_LIMIT = 100

/**
 * Lists a rule's targets by id.
 *
 * @see https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_ListTargetsByRule.html
 */
export const ListTargetsByRule = readOperation<ListTargetsByRuleRequest, ListTargetsByRuleResponse, Rule>({
  ...onRule('ListTargetsByRule', ({ Rule: name, EventBusName }) => ({ name, bus: EventBusName })),

  async run({ NextToken, Limit = DEFAULT_LIMIT }, ctx, rule) {
    const targets = await ctx.store.rules.targets(ctx, rule.name)
    const { items, next } = await readPage(
      ctx,
      {
        of: ['ListTargetsByRule', rule.name],
        token: NextToken,
        limit: Limit,
        fetch: async ({ after = '', limit }) => targets.filter(({ id }) => id > after).slice(0, limit),
        cursor: ({ id }) => id,
      },
      invalidNextToken,
    )
    return { Targets: items.map(targetView), NextToken: next }
  },
})
