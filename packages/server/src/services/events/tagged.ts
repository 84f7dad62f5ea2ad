import { parseArn } from '@lockstep/wire'
import type { ConditionKeys, Context, Target } from '../../gateway/context.ts'
import type { Rule } from '../../store/rules.ts'
import { busNotFound, resourceNotFound, ruleNotFound } from './errors.ts'
import { ruleKeys, ruleTarget } from './on-rule.ts'

type Input = { readonly ResourceARN: string }

/** What operations on tags have in common. Only rules have tags. */
export interface OnTagged<Given> {
  readonly action: `events:${string}`
  resource(input: Given, ctx: Context): Promise<Rule>
  target(input: Given, ctx: Context, rule: Rule | undefined): Target
  keys(input: Given, ctx: Context, rule: Rule | undefined): ConditionKeys
}

export function onTagged(operation: string): OnTagged<Input> {
  return {
    action: `events:${operation}`,
    resource: async ({ ResourceARN }, ctx) => {
      const name = ruleNameIn(ResourceARN, ctx)
      const rule = name === undefined ? undefined : await ctx.store.rules.rule(ctx, name)
      if (!rule) throw notFound(ResourceARN, name)
      return rule
    },
    target: ({ ResourceARN }, ctx, rule) => {
      const name = ruleNameIn(ResourceARN, ctx)
      return name === undefined
        ? { arn: ResourceARN, account: parseArn(ResourceARN)?.account || ctx.account }
        : ruleTarget(ctx, name, rule)
    },
    keys: (_input, _ctx, rule) => ruleKeys(rule),
  }
}

/** The name in the ARN of a rule of the caller's account and region. */
function ruleNameIn(text: string, { account, region }: Context): string | undefined {
  const arn = parseArn(text)
  if (arn?.service !== 'events' || arn.account !== account || arn.region !== region) return undefined
  return /^rule\/([.\-_A-Za-z0-9]+)$/.exec(arn.resource)?.[1]
}

// DIVERGENCE: the default event bus has no tags.
function notFound(arn: string, name: string | undefined) {
  if (name !== undefined) return ruleNotFound(name)
  const bus = /:event-bus\/([^/]+)$/.exec(arn)?.[1]
  return bus === undefined ? resourceNotFound(arn) : busNotFound(bus)
}
