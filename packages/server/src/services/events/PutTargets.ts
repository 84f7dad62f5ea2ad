import type { PutTargetsRequest, PutTargetsResponse } from '@aws-sdk/client-eventbridge'
import { writeOperation } from '../../gateway/operation.ts'
import type { Rule } from '../../store/rules.ts'
import { limitExceeded } from './errors.ts'
import { onRule } from './on-rule.ts'
import { passRole } from './role.ts'
import { checkedTarget, refusalOf } from './targets.ts'

/** @see https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-quota.html */
const MAX_TARGETS = 5

const onItsRule = onRule<PutTargetsRequest>('PutTargets', ({ Rule: name = '', EventBusName }) => ({
  name,
  bus: EventBusName,
}))

/**
 * Adds targets to a rule, or makes those of the same ids anew. Whether the function or topic exists and lets
 * EventBridge in shows when an event is delivered.
 *
 * @see https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_PutTargets.html
 */
export const PutTargets = writeOperation<PutTargetsRequest, PutTargetsResponse, Rule>({
  ...onItsRule,

  keys: (input, ctx, rule) => ({
    ...onItsRule.keys(input, ctx, rule),
    'events:TargetArn': input.Targets.map(({ Arn = '' }) => Arn),
  }),

  also: (input) => input.Targets.flatMap(({ RoleArn }) => passRole(RoleArn)),

  async run({ Targets }, ctx, { name }) {
    const read = Targets.map((given) => ({
      target: checkedTarget(given),
      refusal: refusalOf(given, ctx),
    }))
    const failed = read.flatMap(({ refusal }) => refusal ?? [])
    const taken = read.filter(({ refusal }) => !refusal).map(({ target }) => target)
    const ids = new Set((await ctx.store.rules.targets(ctx, name)).map(({ id }) => id))
    for (const { id } of taken) ids.add(id)
    if (ids.size > MAX_TARGETS) throw limitExceeded()
    for (const target of taken) await ctx.store.rules.putTarget(ctx, name, target)
    return { FailedEntryCount: failed.length, FailedEntries: failed }
  },
})
