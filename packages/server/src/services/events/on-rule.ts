import { ruleArn } from '../../bus/rule-arn.ts'
import type { ConditionKeys, Context, Target } from '../../gateway/context.ts'
import type { Rule } from '../../store/rules.ts'
import type { Place } from '../../store/store.ts'
import { ruleNotFound } from './errors.ts'
import { demandDefaultBus } from './event-bus.ts'

/** CloudTrail's type of a rule. */
const RULE_TYPE = 'AWS::Events::Rule'

export interface Named {
  readonly name: string
  readonly bus: string | undefined
}

/** What operations on one rule have in common: action, resource, target and condition keys. */
export interface OnRule<Input> {
  readonly action: `events:${string}`
  resource(input: Input, ctx: Context): Promise<Rule>
  target(input: Input, ctx: Context, rule: Rule | undefined): Target
  keys(input: Input, ctx: Context, rule: Rule | undefined): ConditionKeys
}

/** An operation on a rule that must exist. */
export function onRule<Input>(operation: string, named: (input: Input) => Named): OnRule<Input> {
  return {
    action: `events:${operation}`,
    resource: async (input, ctx) => {
      const rule = await findRule(ctx, named(input))
      if (!rule) throw ruleNotFound(named(input).name)
      return rule
    },
    target: (input, ctx, rule) => ruleTarget(ctx, named(input).name, rule),
    keys: (_input, _ctx, rule) => ruleKeys(rule),
  }
}

/** The rule of a name, where there is one. @throws ResourceNotFoundException where there is no such bus */
export async function findRule(ctx: Context, { name, bus }: Named): Promise<Rule | undefined> {
  demandDefaultBus(bus, ctx)
  return ctx.store.rules.rule(ctx, name)
}

/** How policies see a rule, whether or not it is there. */
export function ruleTarget({ account, region }: Place, name: string, rule: Rule | undefined): Target {
  return { arn: ruleArn({ account, region }, name), account, type: RULE_TYPE, tags: rule?.tags }
}

/** How policies see the rules of a place where a call is about none in particular. */
export function everyRule({ account, region }: Place): Target {
  return { arn: ruleArn({ account, region }, '*'), account }
}

/** @see https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazoneventbridge.html */
export function ruleKeys(rule: Rule | undefined): ConditionKeys {
  return { 'events:creatorAccount': rule?.account }
}
