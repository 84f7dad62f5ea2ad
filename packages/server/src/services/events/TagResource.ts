import type { TagResourceRequest } from '@aws-sdk/client-eventbridge'
import { writeOperation } from '../../gateway/operation.ts'
import type { Rule } from '../../store/rules.ts'
import { onTagged } from './tagged.ts'
import { tagConditions, withTags } from './tags.ts'

const onRule = onTagged('TagResource')

/** @see https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_TagResource.html */
export const TagResource = writeOperation<TagResourceRequest, object, Rule>({
  ...onRule,
  keys: (input, ctx, rule) => ({ ...onRule.keys(input, ctx, rule), ...tagConditions(input.Tags) }),

  async run({ Tags }, ctx, rule) {
    await ctx.store.rules.putRule({ ...rule, tags: withTags(rule.tags, Tags) })
    return {}
  },
})
