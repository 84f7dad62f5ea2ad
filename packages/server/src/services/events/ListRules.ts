import type { ListRulesRequest, ListRulesResponse } from '@aws-sdk/client-eventbridge'
import { readOperation } from '../../gateway/operation.ts'
import { readPage } from '../../gateway/paging.ts'
import { invalidNextToken } from './errors.ts'
import { demandDefaultBus } from './event-bus.ts'
import { everyRule } from './on-rule.ts'
import { ruleView } from './view.ts'

/** AWS's default, and its maximum. */
const DEFAULT_LIMIT = 100

/**
 * Lists rules by name.
 *
 * @see https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_ListRules.html
 */
export const ListRules = readOperation<ListRulesRequest, ListRulesResponse>({
  action: 'events:ListRules',
  target: (_input, ctx) => everyRule(ctx),

  async run({ NamePrefix = '', EventBusName, NextToken, Limit = DEFAULT_LIMIT }, ctx) {
    demandDefaultBus(EventBusName, ctx)
    const { items, next } = await readPage(
      ctx,
      {
        of: ['ListRules', NamePrefix],
        token: NextToken,
        limit: Limit,
        fetch: (page) => ctx.store.rules.rules(ctx, NamePrefix, page),
        cursor: ({ name }) => name,
      },
      invalidNextToken,
    )
    return { Rules: items.map(ruleView), NextToken: next }
  },
})
