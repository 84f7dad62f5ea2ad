import type { PutRuleRequest, PutRuleResponse } from '@aws-sdk/client-eventbridge'
import type { Validated } from '@lockstep/wire'
import { queueFiring } from '../../bus/firing.ts'
import { ruleArn } from '../../bus/rule-arn.ts'
import type { WriteContext } from '../../gateway/context.ts'
import { writeOperation } from '../../gateway/operation.ts'
import { parseSchedule } from '../../schedule/schedule.ts'
import type { Rule } from '../../store/rules.ts'
import { invalid, limitExceeded } from './errors.ts'
import { findRule, ruleKeys, ruleTarget } from './on-rule.ts'
import { checkedPattern, valuesAsked } from './pattern.ts'
import { passRole } from './role.ts'
import { tagConditions, withTags } from './tags.ts'

/** @see https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-quota.html */
const MAX_RULES = 300

/**
 * Makes a rule, or makes one anew: what the call leaves out, the rule no longer has. Its tags and targets stay.
 *
 * @see https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_PutRule.html
 */
export const PutRule = writeOperation<
  PutRuleRequest,
  PutRuleResponse,
  { readonly existing: Rule | undefined }
>({
  action: 'events:PutRule',

  resource: async (input, ctx) => ({
    existing: await findRule(ctx, { name: input.Name, bus: input.EventBusName }),
  }),

  target: (input, ctx, found) => ruleTarget(ctx, input.Name, found?.existing),

  keys: (input, _ctx, found) => ({
    ...ruleKeys(found?.existing),
    'events:source': valuesAsked(input.EventPattern, 'source'),
    'events:detail-type': valuesAsked(input.EventPattern, 'detail-type'),
    ...tagConditions(input.Tags),
  }),

  also: (input, ctx, { existing }) => [
    ...passRole(input.RoleArn),
    ...(input.Tags?.length && !existing
      ? [
          {
            action: 'events:TagResource' as const,
            target: ruleTarget(ctx, input.Name, undefined),
            keys: tagConditions(input.Tags),
          },
        ]
      : []),
  ],

  async run(input, ctx, { existing }) {
    demandTrigger(input)
    if (!existing && (await ctx.store.rules.ruleCount(ctx)) >= MAX_RULES) throw limitExceeded()
    const rule = ruleFrom(input, ctx, existing)
    await ctx.store.rules.putRule(rule)
    await queueFiring(ctx.store, rule, ctx.clock.now(), ctx.random)
    return { RuleArn: ruleArn(ctx, rule.name) }
  },
})

function demandTrigger({ EventPattern, ScheduleExpression }: Validated<PutRuleRequest>): void {
  if (!EventPattern && !ScheduleExpression)
    throw invalid('Parameter(s) EventPattern or ScheduleExpression must be specified.')
  if (ScheduleExpression && !parseSchedule(ScheduleExpression))
    throw invalid('Parameter ScheduleExpression is not valid.')
  if (EventPattern) checkedPattern(EventPattern)
}

function ruleFrom(
  input: Validated<PutRuleRequest>,
  { account, region, clock }: WriteContext,
  existing: Rule | undefined,
): Rule {
  const schedule = input.ScheduleExpression || undefined
  const state = input.State ?? 'ENABLED'
  const goesOn = existing?.schedule === schedule && existing?.state === state
  return {
    account,
    region,
    name: input.Name,
    pattern: input.EventPattern || undefined,
    schedule,
    scheduledFrom: goesOn ? existing.scheduledFrom : clock.now(),
    state,
    description: input.Description || undefined,
    roleArn: input.RoleArn,
    // AWS ignores the tags of a call that makes a rule anew.
    tags: existing?.tags ?? withTags({}, input.Tags ?? []),
  }
}
