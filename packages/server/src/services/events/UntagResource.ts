import type { UntagResourceRequest } from '@aws-sdk/client-eventbridge'
import { writeOperation } from '../../gateway/operation.ts'
import type { Rule } from '../../store/rules.ts'
import { onTagged } from './tagged.ts'
import { tagKeysCondition, withoutTags } from './tags.ts'

const onRule = onTagged('UntagResource')

/** @see https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_UntagResource.html */
export const UntagResource = writeOperation<UntagResourceRequest, object, Rule>({
  ...onRule,
  keys: (input, ctx, rule) => ({ ...onRule.keys(input, ctx, rule), ...tagKeysCondition(input.TagKeys) }),

  async run({ TagKeys }, ctx, rule) {
    await ctx.store.rules.putRule({ ...rule, tags: withoutTags(rule.tags, TagKeys) })
    return {}
  },
})
